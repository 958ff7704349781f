--- Draws rows as a bar chart in SVG, readable in dark and light and by who hears it read.

local WIDTH, LEFT, RIGHT, TOP, STEP, BAR = 720, 190, 90, 64, 34, 20

local STYLE = [[
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 16px }
    .note { font-size: 12px; fill: #59636e }
    .bar { fill: #8c959f } .ours { fill: #0969da } .grid { stroke: #d1d9e0 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc } .note { fill: #9198a1 }
      .bar { fill: #656c76 } .ours { fill: #4493f8 } .grid { stroke: #3d444d }
    }
  </style>
]]

local function escape(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

-- Where the decades of the axis begin and how many there are.
local function find_scale(bars)
  local low, high = math.huge, 0
  for _, bar in ipairs(bars) do low, high = math.min(low, bar.value), math.max(high, bar.value) end
  local first = math.floor(math.log(low) / math.log(10))
  return first, math.max(1, math.ceil(math.log(high) / math.log(10)) - first)
end

local function plain(value)
  if value >= 100 then return ("%.0f"):format(value) end
  return (("%.1f"):format(value):gsub("%.0$", ""))
end

--- @tparam table told `title`, `unit`, `note`, and `bars`, a list of `{ name, value, ours }`; the scale is
-- logarithmic
-- @treturn string
return function(told)
  local bars = told.bars
  local height = TOP + #bars * STEP + 44
  local first, decades = find_scale(bars)
  local function place(value)
    return LEFT + (math.log(value) / math.log(10) - first) / decades * (WIDTH - LEFT - RIGHT)
  end
  local heard = {}
  for i, bar in ipairs(bars) do heard[i] = ("%s: %s %s"):format(bar.name, plain(bar.value), told.unit) end
  local out = {
    ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"'):format(WIDTH, height)
      .. ' aria-labelledby="title desc">',
    ('  <title id="title">%s</title>'):format(escape(told.title)),
    ('  <desc id="desc">%s. %s</desc>'):format(escape(table.concat(heard, "; ")), escape(told.note)),
    STYLE .. ('  <text class="title" x="16" y="28">%s</text>'):format(escape(told.title)),
    ('  <text class="note" x="16" y="48">%s</text>'):format(escape(told.note)),
  }
  local bottom = TOP + #bars * STEP
  for decade = 0, decades do
    local value = 10 ^ (first + decade)
    out[#out + 1] = ('  <line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>'):format(
      place(value), place(value), TOP, bottom)
    out[#out + 1] = ('  <text class="note" x="%.1f" y="%d" text-anchor="middle">%s %s</text>'):format(
      place(value), bottom + 18, ("%.10g"):format(value), escape(told.unit))
  end
  for i, bar in ipairs(bars) do
    local y = TOP + (i - 1) * STEP + (STEP - BAR) / 2
    out[#out + 1] = ('  <text x="%d" y="%.1f" text-anchor="end">%s</text>'):format(
      LEFT - 10, y + 15, escape(bar.name))
    out[#out + 1] = ('  <rect class="%s" x="%d" y="%.1f" width="%.1f" height="%d" rx="2"/>'):format(
      bar.ours and "ours" or "bar", LEFT, y, math.max(2, place(bar.value) - LEFT), BAR)
    out[#out + 1] = ('  <text x="%.1f" y="%.1f">%s</text>'):format(
      place(bar.value) + 8, y + 15, plain(bar.value))
  end
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end
