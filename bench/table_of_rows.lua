--- Writes the rows as one table, in Markdown that reads well in a terminal too.

local HEAD = { "figure", "who", "median", "min", "max", "unit", "× floor", "must be", "" }

local function number(value)
  if value == nil then return "" end
  local size = math.abs(value)
  if size >= 1000 then return ("%.0f"):format(value) end
  if size >= 100 then return ("%.0f"):format(value) end
  return (size >= 10 and "%.1f" or "%.2f"):format(value)
end

local function cells(row)
  local met = row.met == nil and "" or row.met and "met" or "MISSED"
  return {
    row.figure, row.who, number(row.median), number(row.min), number(row.max), row.unit,
    row.ratio and ("%.2f"):format(row.ratio) or "", row.target or "", met,
  }
end

-- Characters, not bytes.
local function width(text)
  local _, count = text:gsub("[^\128-\191]", "")
  return count
end

local RIGHT = { [3] = true, [4] = true, [5] = true, [7] = true }

local function line(row, widths)
  local parts = {}
  for i = 1, #HEAD do
    local space = (" "):rep(widths[i] - width(row[i]))
    parts[i] = RIGHT[i] and space .. row[i] or row[i] .. space
  end
  return "| " .. table.concat(parts, " | ") .. " |"
end

local function rule(widths)
  local parts = {}
  for i = 1, #HEAD do parts[i] = ("-"):rep(widths[i] + 1) .. (RIGHT[i] and ":" or "-") end
  return "|" .. table.concat(parts, "|") .. "|"
end

--- @treturn string
return function(rows)
  local all, widths = { HEAD }, {}
  for _, row in ipairs(rows) do all[#all + 1] = cells(row) end
  for i = 1, #HEAD do
    widths[i] = 1
    for _, row in ipairs(all) do widths[i] = math.max(widths[i], width(row[i])) end
  end
  local lines = {}
  for i, row in ipairs(all) do
    lines[#lines + 1] = line(row, widths)
    if i == 1 then lines[2] = rule(widths) end
  end
  return table.concat(lines, "\n") .. "\n"
end
