--- Reads the three forms of date that HTTP knows, and Retry-After: one of them, or a number of seconds.

local MONTHS = {
  Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6,
  Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12,
}
local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- Each form: its pattern, and what the pattern's captures are.
local FORMS = {
  { "^%a%a%a, (%d%d) (%a%a%a) (%d%d%d%d) (%d%d):(%d%d):(%d%d) GMT$",
    "day", "month", "year", "hour", "min", "sec" },
  { "^%a+day, (%d%d)%-(%a%a%a)%-(%d%d) (%d%d):(%d%d):(%d%d) GMT$",
    "day", "month", "year", "hour", "min", "sec" },
  { "^%a%a%a (%a%a%a) ([ %d]%d) (%d%d):(%d%d):(%d%d) (%d%d%d%d)$",
    "month", "day", "hour", "min", "sec", "year" },
}

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

-- Days from 1970-01-01 to the first day of a year.
local function days_before(year)
  local y = year - 1
  return 365 * (year - 1970) + math.floor(y / 4) - math.floor(y / 100) + math.floor(y / 400) - 477
end

local function seconds_of(date)
  local days = days_before(date.year) + date.day - 1
  for month = 1, date.month - 1 do days = days + LENGTHS[month] end
  if date.month > 2 and is_leap(date.year) then days = days + 1 end
  return ((days * 24 + date.hour) * 60 + date.min) * 60 + date.sec
end

local function is_real(date)
  local length = date.month and LENGTHS[date.month]
  if date.month == 2 and is_leap(date.year) then length = 29 end
  return length and date.day >= 1 and date.day <= length
    and date.hour < 24 and date.min < 60 and date.sec <= 60
end

local function match(text)
  for _, form in ipairs(FORMS) do
    local found = { text:match(form[1]) }
    if found[1] then
      local date = {}
      for i, part in ipairs(found) do date[form[i + 1]] = tonumber(part) or MONTHS[part] end
      return date
    end
  end
end

-- A two-digit year is the one that is not more than 50 years ahead.
local function whole_year(year, now)
  local this_year = tonumber(os.date("!%Y", now))
  local whole = year + this_year - this_year % 100
  return whole > this_year + 50 and whole - 100 or whole
end

--- Reads a date.
-- @tparam string text
-- @tparam number now seconds since 1970
-- @treturn[1] number seconds since 1970
-- @return[2] nil it is no such date
local function read(text, now)
  local date = match(text)
  if not date then return nil end
  if date.year < 100 then date.year = whole_year(date.year, now) end
  return is_real(date) and seconds_of(date) or nil
end

local LONGEST = 64 -- bytes; a longer one is none, and would take its time

--- Reads a Retry-After header.
-- @tparam string value
-- @tparam number now seconds since 1970
-- @treturn[1] number seconds to wait, never below 0
-- @return[2] nil it says nothing that can be read
local function retry_after(value, now)
  if #value > LONGEST then return nil end
  value = value:match("^%s*(.-)%s*$")
  if value:find("^%d+$") then return math.min(tonumber(value), 2 ^ 31) end
  local date = read(value, now)
  return date and math.min(math.max(date - now, 0), 2 ^ 31)
end

return { read = read, retry_after = retry_after }
