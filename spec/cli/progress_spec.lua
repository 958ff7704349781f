-- The bar of what arrives, as text; and texts cut into lines.

local command = require "support.command"

local missing = command.missing()
if missing then
  return it("is the command's", function() pending("this Lua has no " .. missing) end)
end

local progress = require "sapanywhere.cli.base.progress"
local terminal = require "sapanywhere.cli.base.terminal"

describe("the bar", function()
  local width
  before_each(function() width = terminal.width end)
  after_each(function() terminal.width = width end)

  local function line(columns, ...)
    terminal.width = function() return columns end
    return progress.line(...)
  end

  it("says how much has come, how fast, and how long it takes still", function()
    local text = line(80, 25 * 1024 * 1024, 100 * 1024 * 1024, 5)
    assert.matches("25.0 MiB, 5.0 MiB/s, 0:15 left", text, 1, true)
    assert.equal(7, select(2, text:gsub("█", "")))
    assert.equal(23, select(2, text:gsub("░", "")))
  end)

  it("is full at the end, and not beyond", function()
    assert.equal(30, select(2, line(80, 7, 7, 1):gsub("█", "")))
    assert.equal(30, select(2, line(80, 9, 7, 1):gsub("█", "")))
    assert.is_nil(line(80, 9, 7, 1):find("-", 1, true))
  end)

  it("fits", function()
    for columns = 20, 120 do
      for _, seconds in ipairs { 0, 0.5, 3000, 1e7 } do
        local text = line(columns, 2 ^ 33, 2 ^ 40, seconds)
        assert(columns < 45 or terminal.columns(text) < columns, text) -- a narrower one is cut when it is shown
      end
    end
    assert.matches("█░", line(60, 50, 100, 1), 1, true)
    assert.is_nil(line(30, 50, 100, 1):find("█", 1, true))
  end)

  it("is none where the whole is not known", function()
    assert.equal("1.5 KiB, 768 B/s", line(80, 1536, nil, 2))
    assert.equal("1.5 KiB, 768 B/s", line(80, 1536, 0, 2))
  end)
end)

describe("a text in pieces", function()
  it("is whole, and breaks between words where it can", function()
    assert.same({ "one two", "three" }, terminal.split("one two three", 9))
    assert.same({ "abcd", "efgh", "i" }, terminal.split("abcdefghi", 4))
    assert.same({ "日本", "語" }, terminal.split("日本語", 5))
    assert.same({}, terminal.split("", 5))
    for room = 8, 30 do
      local text = "https://example.com/a-very-long/path and some words, né, 日本語, behind it"
      local pieces = terminal.split(text, room)
      for _, piece in ipairs(pieces) do assert(terminal.columns(piece) <= room, piece) end
      assert.equal((text:gsub(" ", "")), (table.concat(pieces):gsub(" ", "")))
    end
  end)
end)
