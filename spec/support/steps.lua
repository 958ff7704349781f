--- Counts the steps of work on texts: `steps.count(f)` runs f and returns how many it took, as the sum of Lua's own
-- instructions and of what its string functions look at. A machine's load or speed has no part in it.
--
-- Lua's patterns are matched in C, where no hook sees them, so for that time string.find, match, gmatch and gsub are
-- replaced by the matcher below, which is written after the manual's chapter on patterns and adds a step for each
-- character that it compares.

local M = {}

local steps

local real = { find = string.find, match = string.match, gmatch = string.gmatch, gsub = string.gsub }

local CLASSES = {
  a = "^%a$", c = "^%c$", d = "^%d$", l = "^%l$", p = "^%p$", s = "^%s$", u = "^%u$", w = "^%w$", x = "^%x$",
  z = "^%z$",
}

local function in_class(char, class)
  local pattern = CLASSES[class:lower()]
  if not pattern then return char == class end
  return (real.find(char, pattern) ~= nil) == (class:lower() == class)
end

-- A pattern as a list of items, made once: { kind, …, times } with times "", "*", "+", "-" or "?".

local function read_set(pattern, at)
  local parts, negated = {}, pattern:sub(at, at) == "^"
  if negated then at = at + 1 end
  local first = at
  while at == first or pattern:sub(at, at) ~= "]" do
    local char = pattern:sub(at, at)
    if char == "%" then
      parts[#parts + 1] = { class = pattern:sub(at + 1, at + 1) }
      at = at + 2
    elseif pattern:sub(at + 1, at + 1) == "-" and pattern:sub(at + 2, at + 2) ~= "]" then
      parts[#parts + 1] = { low = char:byte(), high = pattern:byte(at + 2) }
      at = at + 3
    else
      parts[#parts + 1] = { low = char:byte(), high = char:byte() }
      at = at + 1
    end
  end
  local members = {}
  for byte = 0, 255 do
    local char, found = string.char(byte), false
    for _, part in ipairs(parts) do
      if part.class and in_class(char, part.class) or part.low and byte >= part.low and byte <= part.high then
        found = true
      end
    end
    members[byte] = found ~= negated
  end
  return members, at + 1
end

local function members_of(test)
  local members = {}
  for byte = 0, 255 do members[byte] = test(string.char(byte)) end
  return members
end

local function compile(pattern)
  local items, at = {}, 1
  local anchored = pattern:sub(1, 1) == "^"
  if anchored then at = 2 end
  while at <= #pattern do
    local char = pattern:sub(at, at)
    local item
    if char == "(" then
      local is_position = pattern:sub(at + 1, at + 1) == ")"
      item = { kind = is_position and "position" or "open" }
      at = at + (is_position and 2 or 1)
    elseif char == ")" then
      item, at = { kind = "close" }, at + 1
    elseif char == "$" and at == #pattern then
      item, at = { kind = "end" }, at + 1
    elseif char == "%" and pattern:sub(at + 1, at + 1) == "b" then
      item = { kind = "balance", open = pattern:byte(at + 2), close = pattern:byte(at + 3) }
      at = at + 4
    elseif char == "%" and pattern:sub(at + 1, at + 1) == "f" then
      item = { kind = "frontier" }
      item.members, at = read_set(pattern, at + 3)
    else
      item = { kind = "one" }
      if char == "[" then
        item.members, at = read_set(pattern, at + 1)
      elseif char == "%" then
        local class = pattern:sub(at + 1, at + 1)
        item.members, at = members_of(function(one) return in_class(one, class) end), at + 2
      elseif char == "." then
        item.members, at = members_of(function() return true end), at + 1
      else
        item.members, at = members_of(function(one) return one == char end), at + 1
      end
      local times = pattern:sub(at, at)
      if times ~= "" and real.find("*+-?", times, 1, true) then
        item.times, at = times, at + 1
      end
    end
    items[#items + 1] = item
  end
  return { items = items, anchored = anchored }
end

local compiled = {}

local function has(item, text, at)
  steps = steps + 1
  local byte = text:byte(at)
  return byte ~= nil and item.members[byte]
end

local match

local function match_times(state, item, index, at)
  local text = state.text
  if item.times == "-" then
    while true do
      local stop = match(state, index + 1, at)
      if stop then return stop end
      if not has(item, text, at) then return nil end
      at = at + 1
    end
  end
  local last, most = at, item.times == "?" and at + 1 or math.huge
  while last < most and has(item, text, last) do last = last + 1 end
  for from = last, item.times == "+" and at + 1 or at, -1 do
    local stop = match(state, index + 1, from)
    if stop then return stop end
  end
end

local function match_balance(text, item, at)
  if text:byte(at) ~= item.open then return nil end
  local depth = 0
  for i = at, #text do
    steps = steps + 1
    local byte = text:byte(i)
    if byte == item.close then
      depth = depth - 1
      if depth == 0 then return i + 1 end
    elseif byte == item.open then
      depth = depth + 1
    end
  end
end

-- Where a match of the items from `index` on, that begins at `at`, is over; nothing where there is none.
function match(state, index, at)
  local item = state.items[index]
  if not item then return at end
  steps = steps + 1
  if item.kind == "one" then
    if item.times then return match_times(state, item, index, at) end
    return has(item, state.text, at) and match(state, index + 1, at + 1) or nil
  elseif item.kind == "open" or item.kind == "position" then
    local captures = state.captures
    captures[#captures + 1] = { at, item.kind == "position" and "position" or nil }
    local stop = match(state, index + 1, at)
    if not stop then captures[#captures] = nil end
    return stop
  elseif item.kind == "close" then
    local open = #state.captures
    while state.captures[open][2] do open = open - 1 end
    state.captures[open][2] = at - 1
    local stop = match(state, index + 1, at)
    if not stop then state.captures[open][2] = nil end
    return stop
  elseif item.kind == "end" then
    return at == #state.text + 1 and at or nil
  elseif item.kind == "balance" then
    local stop = match_balance(state.text, item, at)
    return stop and match(state, index + 1, stop)
  end
  local before, here = state.text:byte(at - 1) or 0, state.text:byte(at) or 0
  if at == 1 then before = 0 end
  return not item.members[before] and item.members[here] and match(state, index + 1, at) or nil
end

local function captured(state)
  local list = {}
  for i, capture in ipairs(state.captures) do
    list[i] = capture[2] == "position" and capture[1] or state.text:sub(capture[1], capture[2])
  end
  return list
end

-- Whether a match cannot begin at a byte, as the first item alone says.
local function is_refused(first, text, at)
  if not first or first.kind ~= "one" or first.times and first.times ~= "+" then return false end
  local byte = text:byte(at)
  return byte == nil or not first.members[byte]
end

-- First and last byte of a match and its captures.
local function search(text, pattern, from)
  compiled[pattern] = compiled[pattern] or compile(pattern)
  local form = compiled[pattern]
  local state = { text = text, items = form.items, captures = {} } -- a failed match leaves no captures
  local first = form.items[1]
  for at = from, form.anchored and from or #text + 1 do
    local stop
    if is_refused(first, text, at) then steps = steps + 2 else stop = match(state, 1, at) end
    if stop then return at, stop - 1, captured(state) end
  end
end

local unpack = table.unpack or unpack

local function from_of(text, init)
  init = init or 1
  return init > 0 and init or math.max(#text + init + 1, 1)
end

local counted = {}

function counted.find(text, pattern, init, plain)
  local from = from_of(text, init)
  if plain or not real.find(pattern, "[%^%$%*%+%?%.%(%[%%%-]") then
    local first, last = real.find(text, pattern, from, true)
    steps = steps + (first and last or #text) - from + 1
    return first, last
  end
  local first, last, captures = search(text, pattern, from)
  if first then return first, last, unpack(captures) end
end

function counted.match(text, pattern, init)
  local first, last, captures = search(text, pattern, from_of(text, init))
  if not first then return nil end
  if captures[1] == nil then return text:sub(first, last) end
  return unpack(captures)
end

local function each(text, pattern, visit)
  local at, anchored = 1, pattern:sub(1, 1) == "^"
  while at <= #text + 1 do
    local first, last, captures = search(text, pattern, at)
    if not first then break end
    if captures[1] == nil then captures[1] = text:sub(first, last) end
    visit(first, last, captures)
    at = last >= first and last + 1 or first + 1
    if anchored then break end
  end
end

function counted.gmatch(text, pattern)
  local list, index = {}, 0
  each(text, pattern, function(_, _, captures) list[#list + 1] = captures end)
  return function()
    index = index + 1
    if list[index] then return unpack(list[index]) end
  end
end

function counted.gsub(text, pattern, by)
  local out, next_byte, count = {}, 1, 0
  each(text, pattern, function(first, last, captures)
    local new
    if type(by) == "function" then
      new = by(unpack(captures))
    elseif type(by) == "table" then
      new = by[captures[1]]
    else
      new = real.gsub(by, "%%(.)", function(char)
        if char == "0" then return text:sub(first, last) end
        return real.find(char, "%d") and captures[tonumber(char)] or char
      end)
    end
    out[#out + 1] = text:sub(next_byte, first - 1)
    out[#out + 1] = new or text:sub(first, last)
    next_byte, count = last + 1, count + 1
  end)
  return table.concat(out) .. text:sub(next_byte), count
end

M.counted = counted

local EVERY = 100 -- instructions

--- Runs a function, and counts.
-- @tparam function work
-- @treturn number steps
-- @return what the function returned first
function M.count(work)
  local jit = rawget(_G, "jit")
  if jit then jit.off() end
  steps = 0
  for name, instead in pairs(counted) do rawset(string, name, instead) end
  debug.sethook(function() steps = steps + EVERY end, "", EVERY)
  local ok, result = pcall(work)
  debug.sethook()
  for name, original in pairs(real) do rawset(string, name, original) end
  if jit then jit.on() end
  if not ok then error(result, 0) end
  return steps, result
end

--- Asserts that work on a text four times as long takes about four times the steps; where it grew with the square it
-- would be sixteen. What ends differently at one of the lengths may make up for half as much again.
-- @tparam string what for the message
-- @tparam function work(size)
-- @tparam number size of the larger text
function M.assert_linear(what, work, size)
  local few = M.count(function() work(math.floor(size / 4)) end)
  local many = M.count(function() work(size) end)
  if many > 6 * few + 20000 then
    error(("%s: %d steps for %d bytes, %d for a quarter of them"):format(what, many, size, few), 0)
  end
end

return M
