--- Draws where time goes as flames in SVG, the whole above its parts: one for each contender, all to one scale.

local WIDTH, LEFT, TOP, ROW, GAP = 960, 16, 64, 20, 44
local NARROWEST, LETTER = 0.4, 6.6 -- pixels

local STYLE = [[
  <style>
    text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 16px } .name { font-weight: 600 }
    .note { font-size: 12px; fill: #59636e }
    .part { font-size: 12px; fill: #1f2328 }
    rect { stroke: #ffffff; stroke-width: 0.5 }
    .nginx { fill: #b6e3ff } .lua { fill: #aceebb } .core { fill: #54aeff } .libcurl { fill: #ffd8b5 }
    .kernel { fill: #d1d9e0 } .other { fill: #eac54f }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc } .note { fill: #9198a1 } .part { fill: #0d1117 } rect { stroke: #0d1117 }
    }
  </style>
]]

local function escape(text)
  return (text:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" }))
end

local function new_part(name)
  return { name = name, count = 0, parts = {}, order = {} }
end

-- Adds one sample: the names from the whole to the innermost part.
local function add(part, names)
  part.count = part.count + 1
  for _, name in ipairs(names) do
    local inner = part.parts[name]
    if not inner then
      inner = new_part(name)
      part.parts[name] = inner
      table.insert(part.order, inner)
    end
    inner.count = inner.count + 1
    part = inner
  end
end

local function depth_of(part)
  local deepest = 0
  for _, inner in ipairs(part.order) do deepest = math.max(deepest, depth_of(inner)) end
  return deepest + 1
end

local function draw_part(out, part, x, y, scale, class_of)
  local width = part.count * scale.pixels
  if width < NARROWEST then return end
  local rect = '  <rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"><title>%s: %.1f µs</title></rect>'
  out[#out + 1] = rect:format(
    class_of(part.name), x, y, width, ROW, escape(part.name), part.count * scale.microseconds)
  local label = ("%s %.1f"):format(part.name, part.count * scale.microseconds)
  if #label * LETTER > width - 6 then label = part.name end
  if #label * LETTER <= width - 6 then
    out[#out + 1] = ('  <text class="part" x="%.1f" y="%d">%s</text>'):format(x + 3, y + 14, escape(label))
  end
  table.sort(part.order, function(a, b) return a.count > b.count end)
  for _, inner in ipairs(part.order) do
    draw_part(out, inner, x, y + ROW, scale, class_of)
    x = x + inner.count * scale.pixels
  end
end

--- @tparam table told `title`, `note`, `class_of(name)` (nginx, lua, core, libcurl, kernel or other), and `flames`, a
-- list of `{ name, microseconds, samples }`: what the whole takes, and a list of lists of names, the outermost first
-- @treturn string
return function(told)
  local longest, height, heard = 0, TOP, {}
  local wholes = {}
  for i, flame in ipairs(told.flames) do
    longest = math.max(longest, flame.microseconds)
    wholes[i] = new_part "a call"
    for _, names in ipairs(flame.samples) do add(wholes[i], names) end
    height = height + GAP + depth_of(wholes[i]) * ROW
    heard[i] = ("%s: %.0f µs"):format(flame.name, flame.microseconds)
  end
  local out = {
    ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img"'):format(WIDTH, height)
      .. ' aria-labelledby="title desc">',
    ('  <title id="title">%s</title>'):format(escape(told.title)),
    ('  <desc id="desc">%s. %s</desc>'):format(escape(table.concat(heard, "; ")), escape(told.note)),
    STYLE .. ('  <text class="title" x="%d" y="28">%s</text>'):format(LEFT, escape(told.title)),
    ('  <text class="note" x="%d" y="48">%s</text>'):format(LEFT, escape(told.note)),
  }
  local y = TOP
  for i, flame in ipairs(told.flames) do
    local pixels = (WIDTH - 2 * LEFT) * flame.microseconds / longest
    local scale = {
      pixels = pixels / wholes[i].count, microseconds = flame.microseconds / wholes[i].count,
    }
    out[#out + 1] = ('  <text class="name" x="%d" y="%d">%s</text>'):format(LEFT, y + 16, escape(heard[i]))
    draw_part(out, wholes[i], LEFT, y + 24, scale, told.class_of)
    y = y + GAP + depth_of(wholes[i]) * ROW
  end
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end
