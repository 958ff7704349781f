--- What `--data` gives: JSON itself, or `@` and the name of a file that holds it; `@-` is standard input.

local json = require "sapanywhere.cli.base.json"
local prompt = require "sapanywhere.cli.base.prompt"
local stop = require "sapanywhere.cli.base.stop"

local M = {}

local function read_all(path)
  if path == "-" then return prompt.read_all() end
  local file = io.open(path, "rb")
  local text = file and file:read("*a")
  if file then file:close() end
  if not text then stop.with("--data: the file cannot be read", 2) end
  return text
end

M.read_all = read_all

--- The text.
function M.text(given)
  local path = given:match("^@(.+)$")
  return path and read_all(path) or given
end

--- The text of what has to be JSON.
function M.json(given)
  local text = M.text(given)
  if json.read(text) == nil then
    stop.with("--data: that is not JSON", 2, "--data '{\"name\": \"…\"}' or --data @file")
  end
  return text
end

return M
