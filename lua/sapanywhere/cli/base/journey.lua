--- The way through the browser: sends the user to the provider, and waits for what comes back.

local browser = require "sapanywhere.cli.base.browser"
local listener = require "sapanywhere.cli.base.listener"
local prompt = require "sapanywhere.cli.base.prompt"
local sapanywhere = require "sapanywhere"
local say = require "sapanywhere.cli.base.say"
local settings = require "sapanywhere.cli.base.settings"
local socket = require "socket"
local stop = require "sapanywhere.cli.base.stop"
local terminal = require "sapanywhere.cli.base.terminal"

local DEFAULT_PORT = 8976
local MOMENT = 0.2 -- seconds between two looks at the time

local M = {}

local function whole(low, high)
  return function(text)
    local number = tonumber(text)
    if number and number % 1 == 0 and number >= low and number <= high then return math.floor(number) end
    return nil, ("%s is not a whole number from %d to %d"):format(text:gsub("%c", "?"), low, high)
  end
end

M.whole = whole

--- The options of a subcommand that goes this way.
function M.options(command)
  command:option("--port", ("Where to listen for the callback on this machine (%d). 0 takes any free port, for "
    .. "providers that accept any."):format(DEFAULT_PORT)):argname("PORT"):convert(whole(0, 65535))
  command:option("--callback-url", "The callback URL that is registered for your app, where it is not on this machine: "
    .. "then paste where the browser was sent."):argname "URL"
  command:flag("--no-browser", "Open no browser: print the address, and take what the browser was sent to.")
  command:option("--timeout", "Seconds to wait for the user (300)."):argname("SECONDS"):convert(whole(1, 86400))
end

-- A callback URL in its parts, where it is on this machine.
local function read_local(url)
  local host, port, path = url:match("^http://([^/:?#]+):(%d+)(/[^?#]*)")
  if not host then host, port, path = url:match("^http://(%[::1%]):(%d+)(/[^?#]*)") end
  if host and listener.is_local(host:lower()) then
    return { host = host:lower(), port = tonumber(port), path = path }
  end
end

-- Where to listen, and which URL the provider is told; `place` is nil where the callback is elsewhere.
local function choose_callback(args)
  local url = args.callback_url or settings.get "callback_url"
  if url and not args.port or args.callback_url then return read_local(url), url end
  local place = url and read_local(url) or { host = "127.0.0.1", path = "/callback" }
  place.port = args.port or DEFAULT_PORT
  return place
end

local function start_listener(args, has_browser)
  local place, url = choose_callback(args)
  if not place and not has_browser then return nil, url end
  place = place or { host = "127.0.0.1", port = 0 }
  local heard = listener.start(place.host, place.port, place.path)
  if place.path and (not url or place.port == 0) then
    url = ("http://%s:%d%s"):format(place.host, heard.port, place.path)
  end
  return heard, url
end

-- Seconds as people read them.
local function clock(seconds)
  local left = math.max(0, math.ceil(seconds))
  return ("%d:%02d"):format(math.floor(left / 60), left % 60)
end

-- Whether lines may be read from standard input: not by what runs in the background of a terminal.
local function can_read()
  return not terminal.is_terminal(0) or sapanywhere.terminal.is_in_front(0)
end

local function show_address(auth, meta, has_listener, seconds)
  for _, warning in ipairs(meta.warnings or {}) do say.note("beware: " .. warning, "warn") end
  if (meta.warnings or {})[1] then
    say.note("whoever sees this address, in a chat or a history of pages, can read your API secret in it", "warn")
  end
  say.note("open this address in a browser, on any machine:")
  say.bare(auth.oauthUrl)
  say.note((has_listener and "then come back here, or paste the address it was sent to (%s left):"
    or "then paste the address the browser was sent to (%s left):"):format(clock(seconds)))
end

local function send_user(heard, auth, meta, has_browser, seconds)
  if not has_browser then return show_address(auth, meta, heard ~= nil, seconds) end
  heard:lead_to(auth.oauthUrl)
  say.note("opening your browser; if it does not open, go to:")
  say.bare(heard.again)
  browser.open(heard.once)
end

-- Ends the way with a failure, and says so in the browser.
local function fail(heard, err)
  if heard then heard:finish(err.kind == "denied" and "denied" or "failed") end
  error(err, 0)
end

-- A request for the callback: gives the grant; nil where it is nobody's.
local function take_request(heard, connection, state)
  local grant, err = sapanywhere.parse_callback(connection.target, { state = state })
  if grant then return grant end
  if err.kind ~= "state" then fail(heard, err) end
  heard:answer(connection, "stray")
  say.note("a callback of another attempt was refused; still waiting", "warn")
end

local function take_line(heard, line, state)
  if not line:find("%S") then return end
  local grant, err = sapanywhere.parse_callback(line, { state = state })
  if grant then return grant end
  if err.kind == "denied" or not prompt.can_ask() then fail(heard, err) end
  say.note(tostring(err):gsub("^sapanywhere: ", "") .. "; paste again:", "warn")
end

-- One moment: the grant, if it has come, and whether standard input goes on.
local function wait_a_moment(heard, reads, state)
  local is_typed, asked
  if heard then
    is_typed, asked = heard:step(MOMENT, reads and prompt.input or nil)
  else
    is_typed, asked = stop.select({ reads and prompt.input or nil }, nil, MOMENT)[1] ~= nil, {}
  end
  for _, connection in ipairs(asked) do
    local grant = take_request(heard, connection, state)
    if grant then return grant, reads end
  end
  while is_typed do
    local line = prompt.take()
    if line == false then return nil, false end
    local grant = line and take_line(heard, line, state)
    if grant then return grant, reads end
    is_typed = stop.select({ prompt.input }, nil, 0)[1] ~= nil
  end
  return nil, reads
end

local function wait(heard, state, seconds, shows_time)
  local due, reads, grant = socket.gettime() + seconds, can_read(), nil
  while not grant do
    stop.look()
    if socket.gettime() >= due then
      stop.with(("nobody has come back within %d seconds"):format(seconds), 6, "begin again; --timeout gives more time")
    end
    if not heard and not reads then
      stop.with("standard input has ended before the callback was pasted", 5, "begin again with: sapanywhere connect")
    end
    if shows_time then say.live(("waiting for the browser, %s left"):format(clock(due - socket.gettime()))) end
    grant, reads = wait_a_moment(heard, reads, state)
  end
  return grant
end

--- Goes the way.
-- @tparam sapanywhere.client client
-- @tparam table args the options of the subcommand
-- @treturn table `grant`, `callback_url`, and `finish(page)`, which shows the person how it ended
function M.go(client, args)
  local has_browser = not args.no_browser and browser.is_there()
  local heard, callback_url = start_listener(args, has_browser)
  table.insert(stop.at_end, function() if heard then heard:close() end end)
  local auth, meta = stop.unless(client:oauth_url { callback_url = callback_url })
  local seconds = args.timeout or 300
  if heard then
    heard.on_refused = function(why) say.note(("a callback was refused: %s; still waiting"):format(why), "warn") end
  end
  send_user(heard, auth, meta, has_browser, seconds)
  local grant = wait(heard, auth.state, seconds, has_browser)
  say.clear_live()
  return {
    grant = grant, callback_url = callback_url,
    finish = function(page) if heard then heard:finish(page) end end,
  }
end

return M
