--- Asks with curl: a client that somebody else wrote.
--
--     local answer = curl.ask("POST", url, { headers = { "A: b" }, body = "…" })
--     answer.status, answer.header["content-type"], answer.body, answer.exit

local system = require "sapanywhere.sandbox.carrier.system"

local curl = {}

local function read_headers(head)
  local map = {}
  for name, value in head:gmatch("([^:\r\n]+): *([^\r\n]*)") do map[name:lower()] = value end
  return map
end

local function write_arguments(method, given, place)
  local words = { "-X", method, "-H", "Expect:" }
  for _, header in ipairs(given.headers or {}) do
    words[#words + 1] = "-H"
    words[#words + 1] = header
  end
  if given.body then
    system.write_file(place .. ".sent", given.body)
    words[#words + 1] = "--data-binary"
    words[#words + 1] = "@" .. place .. ".sent"
  end
  for _, word in ipairs(given.more or {}) do words[#words + 1] = word end
  for index, word in ipairs(words) do words[index] = system.quote(word) end
  return table.concat(words, " ")
end

--- Sends a request and waits for the answer.
-- @tparam string method
-- @tparam string url
-- @tparam[opt] table given `headers` (a list of lines), `body`, `more` (arguments of curl)
-- @treturn table `status`, `header` (a map by lower-case name), `body`, `exit` (of curl)
function curl.ask(method, url, given)
  local place = os.tmpname()
  local command = ("curl -sS -g -m 60 -o %s -D %s.head -w '%%{http_code}' %s %s 2>/dev/null; echo \" $?\"")
  local arguments = write_arguments(method, given or {}, place)
  local report = system.output(command:format(place, place, arguments, system.quote(url)))
  local status, exit = report:match("(%d+) (%d+)\n$")
  local answer = {
    status = tonumber(status), exit = tonumber(exit), body = system.read_file(place),
    header = read_headers(system.read_file(place .. ".head")),
  }
  for _, suffix in ipairs { "", ".head", ".sent" } do os.remove(place .. suffix) end
  return answer
end

return curl
