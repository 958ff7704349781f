--- What a value given by the caller must look like.
--
-- Every check is called `check(value, name, problems)`. It returns the value to keep: a copy of what is a table. What
-- is wrong goes into the list `problems` with its name and never with its value.

local core = require "sapanywhere.core"
local hosts = require "sapanywhere.wait.find"
local lazy = require "sapanywhere.base.lazy"

local address = lazy "sapanywhere.call.address"

local text_fault = core.text_fault

local M = {}

--- Notes that a value is wrong: the phrase follows the option's name.
local function wrong(problems, name, what)
  problems[#problems + 1] = { option = name, kind = "wrong", message = name .. " " .. what }
end

M.wrong = wrong

--- The name of an entry of a table; odd names are not shown.
function M.inside(name, key)
  if type(key) == "number" then return ("%s[%d]"):format(name, key) end
  return name .. "." .. (key:find("^[%w_.%-]+$") and #key <= 64 and key or "(odd name)")
end

local FAULTS = {
  empty = "must not be empty", control = "must not hold control characters", utf8 = "must be valid UTF-8",
}

local function blame(fault, value, name, problems)
  wrong(problems, name, FAULTS[fault] or "must be a string, not a " .. type(value))
end

--- Text that may be empty.
function M.plain(value, name, problems)
  local fault = text_fault(value)
  if not fault or fault == "empty" then return value end
  blame(fault, value, name, problems)
end

function M.text(value, name, problems)
  local fault = text_fault(value)
  if not fault then return value end
  blame(fault, value, name, problems)
end

-- The platform shows secrets as stars in its answers; sent back, they would become the secret.
local MASKS = {}
for stars = 3, 16 do MASKS[("*"):rep(stars)] = true end

--- Whether a value is what the platform shows in the place of a secret.
function M.is_mask(value)
  return MASKS[value] or false
end

local function refuse_mask(value, name, problems)
  if MASKS[value] then wrong(problems, name, "must be the value itself, not the server's mask for it") end
end

M.refuse_mask = refuse_mask

-- A secret, or a function that returns it when a call needs it.
function M.secret(value, name, problems)
  if type(value) == "function" or not text_fault(value) and not MASKS[value] then return value end
  refuse_mask(value, name, problems)
  if type(value) == "string" and value:find("^%C*\r?\n$") then
    return wrong(problems, name, "must not end in a newline")
  end
  return M.text(value, name, problems)
end

-- A secret that stands in the Authorization header, where comma and white space separate.
function M.header_secret(value, name, problems)
  if type(value) == "string" and (value:find(",", 1, true) or value:find(" ", 1, true)) then
    wrong(problems, name, "must not hold a comma or white space")
  end
  return M.secret(value, name, problems)
end

-- What the User-Agent header says.
M.user_agent = M.text

function M.boolean(value, name, problems)
  if type(value) ~= "boolean" then wrong(problems, name, "must be true or false") end
  return value
end

function M.callable(value, name, problems)
  if type(value) ~= "function" then wrong(problems, name, "must be a function") end
  return value
end

function M.seconds(value, name, problems)
  if type(value) ~= "number" or not (value > 0 and value <= 86400) then
    wrong(problems, name, "must be a number of seconds above 0 and at most 86400")
  end
  return value
end

--- A check for whole numbers between two limits.
function M.integer(least, most)
  local what = ("must be a whole number from %d to %d"):format(least, most)
  return function(value, name, problems)
    if type(value) ~= "number" or not (value >= least and value <= most) or value % 1 ~= 0 then
      wrong(problems, name, what)
      return value
    end
    return math.floor(value)
  end
end

--- A check for one of a few words; where `others` is given, a value of that type is welcome too.
function M.word(words, others)
  local known = {}
  for _, word in ipairs(words) do known[word] = true end
  local what = 'must be "' .. table.concat(words, '" or "') .. '"' .. (others and " or a " .. others or "")
  return function(value, name, problems)
    if not known[value] and type(value) ~= others then wrong(problems, name, what) end
    return value
  end
end

--- How to wait: a function, or the name of a host.
function M.wait(value, name, problems)
  if value ~= "auto" and type(value) ~= "function" and not hosts.is_host(value) then
    wrong(problems, name, 'must be "auto", a function, or the name of a host such as "plain"')
  end
  return value
end

function M.state(value, name, problems)
  if value == false then return false end
  return M.text(value, name, problems)
end

--- The checks that accept plain text unchanged, and what that is for them: any, or a word without comma and space.
M.TEXTS = { [M.text] = "text", [M.secret] = "text", [M.state] = "text", [M.header_secret] = "word" }

--- An element's key, or its numeric id as a number or digits; kept as a string.
function M.element(value, name, problems)
  if type(value) == "number" then
    if not (value >= 1 and value <= 2 ^ 53) or value % 1 ~= 0 then
      return wrong(problems, name, "must be a positive whole number where it is an id")
    end
    return ("%.0f"):format(value)
  end
  if type(value) ~= "string" then return wrong(problems, name, "must be a key or a numeric id") end
  if value:find("[/?#]") or value == "." or value == ".." then
    return wrong(problems, name, "must be one segment of a path: no '/', '?' or '#', not '.' or '..'")
  end
  return M.text(value, name, problems)
end

local type_of_number = rawget(math, "type") -- not on Lua 5.1 and 5.2, where numbers have one type only

-- Whether a number is whole, and surely the one that was meant: beyond 2^53 only an integer is.
local function is_exact(value)
  if type_of_number and type_of_number(value) == "integer" then return true end
  return value % 1 == 0 and value >= -2 ^ 53 and value <= 2 ^ 53
end

--- One segment of a path, as text.
function M.segment(value, name, problems)
  if type(value) == "number" then
    if is_exact(value) then return ("%d"):format(value) end
    return wrong(problems, name, "must be a whole number where it is a number, up to 2^53 where it is no integer")
  end
  if type(value) ~= "string" then
    return wrong(problems, name, "must be a string or a number, not a " .. type(value))
  end
  if value:find("%s") then return wrong(problems, name, "must not hold white space") end
  if value == "." or value == ".." then return wrong(problems, name, "must not be '.' or '..'") end
  return M.text(value, name, problems)
end

--- An id, as answers have it: kept as text.
function M.id(value, name, problems)
  local id = M.segment(value, name, problems)
  if MASKS[id] then refuse_mask(id, name, problems) end
  return id
end

-- What the last good base URL was read as: a program has one or a few, and may give one with every call.
local last = {}

function M.base_url(value, name, problems)
  if value ~= last.url then
    if type(value) ~= "string" then return blame("type", value, name, problems) end
    local origin, path = address.base(value)
    if not origin then return wrong(problems, name, path) end
    last = { url = value, base = origin .. path }
  end
  return last.base
end

function M.proxy(value, name, problems)
  if type(value) == "function" then return value end
  if type(value) ~= "string" then return wrong(problems, name, "must be a string, not a " .. type(value)) end
  local url, what = address.proxy(value)
  if not url then return wrong(problems, name, what) end
  return url
end

return M
