--- What a bulk job has to download: rows as JSON, as JSON lines or as CSV, whole where it is small and in pieces
-- where it is large.
-- @module sapanywhere.sandbox.bulk_files

local collection = require "sapanywhere.sandbox.service.collection"
local csv = require "sapanywhere.sandbox.service.csv"
local listing = require "sapanywhere.sandbox.service.listing"
local rows = require "sapanywhere.sandbox.service.rows"

local bulk_files = {}

local piece_size = 256 * 1024

local function as_it_is(_, text) return text end

--- The formats, by the type that a client accepts.
bulk_files.formats = {
  ["application/json"] = { open = "[", between = ",\n", close = "]", write = as_it_is },
  ["application/jsonl"] = { open = "", between = "\n", close = "\n", write = as_it_is },
  ["text/csv"] = { open = "", between = "\n", close = "\n", write = csv.row, names = true },
}

-- Begins a file with its first row; `names` are a CSV's columns.
local function begin(format, first)
  if not format.names then return format.open .. format.write(nil, first), nil end
  local names = csv.names(first)
  return csv.head(names) .. format.between .. format.write(names, first), names
end

-- Gives a function that gives one row after the other, as the job wants them.
local function walk(store, instance, job)
  local resource, id = collection.open(store, job.object), 0
  local test = listing.compile(job.where)
  local last = resource:last()
  return function()
    while id < last do
      id = id + 1
      local text = resource:get(id)
      if text and test(text) and bulk_files.is_between(text, job) then
        text = listing.show(instance, text)
        return job.fields and listing.choose_fields(text, job.fields) or text
      end
    end
  end
end

--- Tells whether a row was created between two dates.
-- @tparam string text JSON
-- @tparam table job perhaps with `from` and `to`
-- @treturn boolean
function bulk_files.is_between(text, job)
  if not job.from and not job.to then return true end
  local time = text:match('"creationTime":"([^"]*)"') or ""
  return (not job.from or time >= job.from) and (not job.to or time <= job.to)
end

-- Gives a function that gives pieces of the file.
local function make_pieces(format, next_row)
  local names, done
  return function()
    if done then return nil end
    local out, size = {}, 0
    while size < piece_size do
      local text = next_row()
      if not text then
        done = true
        out[#out + 1] = (names or #out > 0) and format.close or format.open == "[" and "[]" or ""
        break
      end
      if names then
        out[#out + 1] = format.between .. format.write(names, text)
      else
        out[#out + 1], names = begin(format, text)
        names = names or {}
      end
      size = size + #out[#out]
    end
    return table.concat(out)
  end
end

--- The rows that a job has found.
-- @tparam table store
-- @tparam table instance a row
-- @tparam table job a row
-- @tparam table format one of `formats`
-- @treturn string the first piece, and all where it is small
-- @treturn function|nil gives the further pieces, where there are more
function bulk_files.real(store, instance, job, format)
  local next_piece = make_pieces(format, walk(store, instance, job))
  local first = next_piece()
  local second = #first >= piece_size and next_piece()
  if not second then return first end
  local held = { first, second }
  return "", function() return table.remove(held, 1) or next_piece() end
end

-- Rows that are made up, over and over the same thousand.
local function make_block(store, job, format)
  local ground = store.ground or {}
  if (ground[job.object] or 0) == 0 then ground = { seed = 1, customers = 1000, orders = 1000, products = 1000 } end
  local head, names = begin(format, rows.make(ground, job.object, 1))
  local lines = {}
  for id = 1, 1000 do
    lines[id] = format.between .. format.write(names, rows.make(ground, job.object, (id - 1) % ground[job.object] + 1))
  end
  return head, lines
end

--- A file of a size that was wished for: as many rows as fit, then white space.
-- @tparam table store
-- @tparam table job a row with `bytes`
-- @tparam table format one of `formats`
-- @treturn function gives the pieces
-- @treturn number the size; a file of one row may be larger than was wished for
function bulk_files.made_up(store, job, format)
  local head, lines = make_block(store, job, format)
  local size = math.max(job.bytes, #head + #format.close)
  local room, block, line = size - #head - #format.close, table.concat(lines), 0
  local state = "head"
  return function()
    if state == "head" then
      state = "rows"
      return head
    end
    if state == "end" then return nil end
    if room >= #block then
      room = room - #block
      return block
    end
    local out = {}
    while #lines[line % #lines + 1] <= room do
      line = line + 1
      out[line] = lines[line]
      room = room - #lines[line]
    end
    state = "end"
    return table.concat(out) .. (" "):rep(room) .. format.close
  end, size
end

return bulk_files
