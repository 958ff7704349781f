--- Reads a table of options, such as every public function takes.
--
-- What may be given is a table: name → `{ check, required, why, refused }`. `check(value, name, problems)` returns the
-- value to keep, a copy of what is a table, and notes what is wrong; `required` says that it must be given, and `why`
-- what to say where it is not; `refused` says why an option that people try is not there. All problems are
-- found in one go. Options that a table inherits through its metatable count as given.

local core = require "sapanywhere.core"
local errors = require "sapanywhere.errors"
local lazy = require "sapanywhere.base.lazy"

local suggest = lazy "sapanywhere.base.suggest"

local take_texts = core.take_texts

local M = {}

local NO_TEXTS = {}

-- How a name inside an option is shown.
local function inside(above, name)
  return above and above .. "." .. name or name
end

local function note(problems, option, kind, message)
  problems[#problems + 1] = { option = option, kind = kind, message = message }
end

-- The names that may be given, for suggestions.
local function names_of(known)
  local names = {}
  for name, entry in pairs(known) do
    if entry.check then names[#names + 1] = name end
  end
  return names
end

local function refuse_name(name, known, above, problems, reader)
  local entry, option = known[name], above or suggest.shown(name)
  if entry then return note(problems, inside(above, name), "wrong", entry.refused) end
  local message = reader and reader.elsewhere(name)
    or suggest.unknown(above and "key of " .. above or "option", name, names_of(known), reader and reader.aliases())
  note(problems, option, "unknown", message)
end

local function take(name, value, known, above, problems, values, reader)
  local entry = known[name]
  if entry and entry.check then
    values[name] = entry.check(value, inside(above, name), problems)
  else
    refuse_name(name, known, above, problems, reader)
  end
end

--- Takes what is given into `values`. One look at each entry of the table, and where it has a metatable one at each
-- known name.
-- @tparam table given the caller's table; left as it is
-- @tparam table known name → what may be given
-- @tparam table values filled with what the checks return
-- @tparam table problems filled with what is wrong
-- @tparam[opt] string above the option inside which this table stands
-- @tparam[opt] table reader `aliases()`, other spellings of names; `elsewhere(name)`, a message for names that belong
--   to something else
-- @tparam[opt] table texts name → "text" or "word": whose check accepts any such text unchanged, see core.take_texts
function M.take(given, known, values, problems, above, reader, texts)
  texts = texts or NO_TEXTS
  local name, value = take_texts(given, texts, values)
  while name ~= nil do
    take(name, value, known, above, problems, values, reader)
    name, value = take_texts(given, texts, values, name)
  end
  if getmetatable(given) == nil then return end
  for inherited in pairs(known) do
    value = given[inherited]
    if value ~= nil and rawget(given, inherited) == nil then
      take(inherited, value, known, above, problems, values, reader)
    end
  end
end

local function note_missing(given, known, values, problems, above)
  for name, entry in pairs(known) do
    if entry.required and values[name] == nil and given[name] == nil then
      problems[#problems + 1] = { option = inside(above, name), kind = "missing", message = entry.why }
    end
  end
end

--- Reads the options of a function.
-- @tparam string call the function's name, for messages
-- @tparam table known name → what may be given
-- @tparam table given the caller's table
-- @treturn[1] table name → checked value
-- @return[2] nil
-- @treturn[2] table a usage error with every problem
function M.read(call, known, given)
  local values, problems = {}, {}
  M.take(given, known, values, problems)
  note_missing(given, known, values, problems)
  if problems[1] then return nil, errors.usage(call, problems) end
  return values
end

--- A check for an option that is a table of options itself.
-- @tparam table known name → what may be given in it
-- @treturn function the check
function M.record(known)
  return function(value, name, problems)
    if type(value) ~= "table" then
      problems[#problems + 1] =
        { option = name, kind = "wrong", message = name .. " must be a table, not a " .. type(value) }
      return nil
    end
    local values = {}
    M.take(value, known, values, problems, name)
    note_missing(value, known, values, problems, name)
    return values
  end
end

return M
