--- What a server in front of the sandbox must leave true, whichever it is: the same cases for each.

local assert = require "luassert"
local promises = require "peers.support.promises"
local system = require "sapanywhere.sandbox.carrier.system"

local M = {}

--- Options of a client that goes there.
-- @tparam table peer
-- @tparam string port the port's name; all but `plain` speak TLS
-- @tparam[opt] table more
function M.client(peer, port, more)
  local options = { base_url = M.url(peer, port), timeout = 20, retry = { max = 4, base = 0.02, cap = 0.5 } }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

--- A base URL there.
-- @tparam table peer
-- @tparam string port
-- @tparam[opt] string path that precedes the API's, such as "/nobody"
function M.url(peer, port, path)
  local origin = port == "plain" and "http://127.0.0.1" or "https://localhost"
  return ("%s:%d%s/elements/api-v2"):format(origin, peer.ports[port], path or "")
end

--- The same place, where the sandbox misbehaves.
function M.misbehaving(service, peer, port, wishes, before)
  return M.url(peer, port, (before or "") .. service:url(wishes):match("^%a+://[^/]+(/~[^/]+)/"))
end

--- Whether a creation that fails there is told honestly: its outcome and how many were made, and, where they are
-- expected, its kind and status.
function M.fails(service, options, expected, more)
  local result, err, made = promises.create(service, options, more)
  assert.is_nil(result)
  local seen = { outcome = err.outcome, made = made }
  for _, name in ipairs { "kind", "status" } do seen[name] = expected[name] and err[name] end
  assert.same(expected, seen, tostring(err))
  return err
end

--- Each status that the server answers with by itself is told as it is, to a creation and to a read.
function M.denials(service, peer, port, statuses)
  for _, status in ipairs(statuses) do
    local options = M.client(peer, port, { base_url = M.url(peer, port, "/denied-" .. status), retry = false })
    M.fails(service, options, { outcome = status < 500 and "rejected" or "unknown", status = status, made = 0 })
    local client = service:client(options)
    local auth, err = client:oauth_url(service:asking {})
    client:close()
    assert.is_nil(auth)
    assert.same({ "rejected", status }, { err.outcome, err.status }, tostring(err))
  end
end

--- All succeed.
function M.all_succeed(service, how)
  local sums = promises.create_all(service, how)
  local asked = how.creations_only and 0 or how.count
  assert.same({ how.count, how.count, asked }, { sums.success, sums.created, sums.asked }, promises.told(sums))
  return sums
end

--- All end honestly; those that say so may have been lost on the way, and at least so many succeed.
function M.most_succeed(service, how, least)
  local sums = promises.create_all(service, how)
  assert.truthy(sums.success >= least and sums.asked >= least, promises.told(sums))
  assert.equal(0, sums.rejected, promises.told(sums))
  return sums
end

--- Waits, doing nothing.
function M.sleep(seconds)
  system.output(("sleep %.2f"):format(seconds))
end

--- Makes creations with pauses around the time after which the server closes a kept connection: none may be made
-- twice, and those after a longer pause succeed.
-- @tparam table service
-- @tparam table options of the client
-- @tparam number idle the server's time, in seconds
function M.outlive_idle_connections(service, options, idle)
  local client = service:client(options)
  local calls, names = {}, {}
  local function create(name)
    local result, err = client:create_instance(service:creating { name = name })
    names[#names + 1] = name
    calls[name] = { result = result, err = err, elapsed = 0, timeout = options.timeout }
    return result
  end
  for number = 1, 3 do
    assert.truthy(create(("idle %s %d"):format(options.base_url, number)), tostring((calls[names[#names]] or {}).err))
    M.sleep(idle + 0.5)
  end
  for number, pause in ipairs { idle - 0.02, idle - 0.01, idle, idle + 0.01, idle + 0.02 } do
    M.sleep(pause)
    create(("nearly idle %s %d"):format(options.base_url, number))
  end
  client:close()
  local sums = promises.sum_up(service, names, calls)
  assert.truthy(sums.success >= 3, promises.told(sums))
end

return M
