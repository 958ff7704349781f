-- A bulk file of 1 GiB: what it takes of memory. Not part of `make test`: it takes seconds, and 2 GiB of room.

local child = require "support.child"
local core = require "sapanywhere.core"
local services = require "support.service"
local system = require "sapanywhere.sandbox.carrier.system"

local SIZE = 2 ^ 30
local MOST_MEMORY = 32 -- MiB

describe("a bulk file of 1 GiB", function()
  it("is downloaded with less than 32 MiB of memory; beside it, what curl takes", function()
    local service = services.start { log = false }
    local client = service:client {}
    local instance = assert(client:create_instance(service:creating {}))
    local shop = assert(client:instance { token = instance.token, user_secret = service.user_secret })
    local job = assert(shop:bulk_query {
      query = "select * from customers", base_url = service:url { job_seconds = 0, job_bytes = SIZE },
    })
    local on_memory = "test -d /dev/shm && mktemp -d -p /dev/shm || mktemp -d"
    local dir = system.output(on_memory):gsub("\n", "")
    local said, taken = child.run([[
      local core, sapanywhere = require "sapanywhere.core", require "sapanywhere"
      local client = sapanywhere.new { base_url = given.base_url, user_secret = given.user_secret }
      local shop = client:instance { token = given.token }
      local began = core.now()
      local result, err = shop:bulk_download { id = given.id, object = "customers", to = given.to }
      return { bytes = result and result.bytes, problem = err and tostring(err), seconds = core.now() - began }
    ]], {
      base_url = service.base_url, user_secret = service.user_secret, token = instance.token, id = job.id,
      to = dir .. "/rows",
    })
    local curl = ("curl -sS -o %s/curl -H %s %s/hubs/ecommerce/bulk/%d/customers"):format(dir, system.quote(
      "Authorization: User " .. service.user_secret .. ", Element " .. instance.token), service.base_url, job.id)
    local began = core.now()
    os.execute(curl)
    local by_curl = core.now() - began
    os.execute("rm -rf " .. system.quote(dir))
    client:close()
    service:stop()
    assert.equal(SIZE, said.bytes, said.problem)
    print(("\n1 GiB in %.2f s, curl -o in %.2f s; %.1f MiB of memory"):format(said.seconds, by_curl, taken))
    if not child.is_watched() then assert.truthy(taken < MOST_MEMORY, taken) end
  end)
end)
