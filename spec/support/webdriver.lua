--- A real browser, chromium, driven through chromedriver: the WebDriver protocol over HTTP.
--
--     local browser = webdriver.start()
--     browser:open(url); browser:click "button.allow"; browser:text "h1"
--     browser:stop()

local cjson = require "cjson"
local curl = require "support.curl"
local system = require "sapanywhere.sandbox.carrier.system"

local Browser = {}
Browser.__index = Browser

local ELEMENT = "element-6066-11e4-a52e-4f735466cecf" -- the name that the protocol gives to an element's id

local FLAGS = {
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
  "--host-resolver-rules=MAP far.example 127.0.0.1", "--disable-component-update",
  "--disable-sync", "--no-first-run", "--hide-scrollbars", "--window-size=900,800",
}

local M = {}

local function sleep(seconds) os.execute("sleep " .. seconds) end

-- Asks the driver; gives the value, or nil and what went wrong.
local function ask(self, method, path, body)
  local answer = curl.ask(method, self.origin .. path, {
    headers = { "Content-Type: application/json" },
    body = body and cjson.encode(body) or method == "POST" and "{}" or nil,
  })
  local ok, said = pcall(cjson.decode, answer.body)
  if not ok then return nil, "the driver does not answer" end
  if answer.status == 200 then return said.value end
  return nil, tostring(said.value.error) .. ": " .. tostring(said.value.message)
end

-- The port that the driver has found; nil where another program took it just then.
local function wait_for_port(log)
  for _ = 1, 300 do
    local said = system.read_file(log)
    local port = said:match("started successfully on port (%d+)")
    if port or said:find("Address already in use", 1, true) then return port end
    sleep(0.1)
  end
end

local function start_driver(dir)
  for _ = 1, 5 do
    system.write_file(dir .. "/log", "")
    os.execute(("cd %s; export HOME=$PWD TMPDIR=$PWD; unset LD_PRELOAD; "
      .. "timeout -s KILL 300 chromedriver --port=0 >log 2>&1 & echo $! >%s/pid"):format(dir, dir))
    local port = wait_for_port(dir .. "/log")
    if port then return port end
  end
  error("chromedriver does not start: " .. system.read_file(dir .. "/log"))
end

--- Starts a driver, and a browser with an empty profile.
function M.start()
  local dir = system.output("mktemp -d"):gsub("\n", "")
  local self = setmetatable({ dir = dir, origin = "http://127.0.0.1:" .. start_driver(dir) }, Browser)
  local session, problem = ask(self, "POST", "/session", {
    capabilities = { alwaysMatch = { browserName = "chrome", ["goog:chromeOptions"] = { args = FLAGS } } },
  })
  if not session then
    self:stop()
    error("the browser does not start: " .. problem, 2)
  end
  self.session = "/session/" .. session.sessionId
  return self
end

--- Ends both.
function Browser:stop()
  if self.session then ask(self, "DELETE", self.session) end
  os.execute(("kill $(cat %s/pid) 2>/dev/null; rm -rf %s"):format(self.dir, self.dir))
end

--- Goes to an address. True; or nil and why the page is not there.
function Browser:open(url)
  local _, problem = ask(self, "POST", self.session .. "/url", { url = url })
  return problem == nil or nil, problem
end

--- Where it is.
function Browser:url() return assert(ask(self, "GET", self.session .. "/url")) end

function Browser:refresh() return ask(self, "POST", self.session .. "/refresh") end

--- Closes the window.
function Browser:close_window() return ask(self, "DELETE", self.session .. "/window") end

local function find(self, selector)
  local found = assert(ask(self, "POST", self.session .. "/element", { using = "css selector", value = selector }))
  return self.session .. "/element/" .. found[ELEMENT]
end

--- Clicks what a CSS selector finds.
function Browser:click(selector) return assert(ask(self, "POST", find(self, selector) .. "/click")) end

--- The text that is seen of it.
function Browser:text(selector) return assert(ask(self, "GET", find(self, selector) .. "/text")) end

--- Presses keys, one after the other; "\238\128\132" is Tab, "\238\128\135" Enter.
function Browser:press(...)
  local actions = {}
  for _, key in ipairs { ... } do
    actions[#actions + 1] = { type = "keyDown", value = key }
    actions[#actions + 1] = { type = "keyUp", value = key }
  end
  return ask(self, "POST", self.session .. "/actions", {
    actions = { { type = "key", id = "keyboard", actions = actions } },
  })
end

--- What a script in the page returns.
function Browser:evaluate(script)
  local args = { false } -- an empty list would be written as an object
  return ask(self, "POST", self.session .. "/execute/sync", { script = script, args = args })
end

local function tell_chromium(self, command, parameters)
  return assert(ask(self, "POST", self.session .. "/goog/cdp/execute", { cmd = command, params = parameters }))
end

--- Has a page seen in the dark, or in the light.
function Browser:set_dark(is_dark)
  tell_chromium(self, "Emulation.setEmulatedMedia", {
    features = { { name = "prefers-color-scheme", value = is_dark and "dark" or "light" } },
  })
end

--- Makes the page as large as a phone's, or so.
function Browser:set_size(width, height)
  tell_chromium(self, "Emulation.setDeviceMetricsOverride", {
    width = width, height = height, deviceScaleFactor = 2, mobile = width < 600,
  })
end

--- Writes a picture of the page.
function Browser:picture(path)
  local data = assert(ask(self, "GET", self.session .. "/screenshot"))
  system.write_file(self.dir .. "/picture", data)
  os.execute(("base64 -d %s/picture >%s"):format(self.dir, path))
end

return M
