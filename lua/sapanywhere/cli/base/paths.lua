--- Where the command keeps its files, by the rules of the XDG base directories.

local M = {}

local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

local function below(name, otherwise)
  local base = variable(name)
  if base and base:sub(1, 1) == "/" then return base end
  return (variable "HOME" or "/") .. "/" .. otherwise
end

--- The file of settings; nil where SAPANYWHERE_CONFIG is empty, which means none.
function M.config()
  local given = os.getenv "SAPANYWHERE_CONFIG"
  if given then return given ~= "" and given or nil end
  return below("XDG_CONFIG_HOME", ".config") .. "/sapanywhere/config"
end

--- The store of the shops' tokens.
function M.shops()
  return variable "SAPANYWHERE_SHOPS" or below("XDG_DATA_HOME", ".local/share") .. "/sapanywhere/shops"
end

--- Where a running sandbox says what it accepts.
function M.sandbox()
  local runtime = variable "XDG_RUNTIME_DIR"
  return (runtime or below("XDG_STATE_HOME", ".local/state")) .. "/sapanywhere/sandbox"
end

return M
