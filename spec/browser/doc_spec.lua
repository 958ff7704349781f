-- The site that `make doc` makes, as a browser shows it: no wider than a phone, and readable in the light and the dark.
--
-- PAGES=<directory> keeps a picture of each page there.

local child = require "support.child"
local system = require "sapanywhere.sandbox.carrier.system"
local webdriver = require "support.webdriver"

local PAGES = os.getenv "PAGES"

-- What is wider than the page, though it does not scroll by itself.
local WIDER = [[
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  return [...document.querySelectorAll('main *')]
    .filter(e => e.getBoundingClientRect().right > root.clientWidth + 1 && !e.closest('.scroll, pre'))
    .map(e => e.tagName + ': ' + e.textContent.slice(0, 40)).concat('the page: ' + root.scrollWidth);
]]

-- Texts whose contrast with what is behind them is below 4.5 to 1, as WCAG counts it.
local FAINT = [[
  const parts = c => c.match(/[\d.]+/g).map(Number);
  const linear = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = parts(c).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if ((parts(c)[3] ?? 1) > 0) return c; } return 'rgb(255, 255, 255)'; };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
    const a = light(getComputedStyle(e).color), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(e.tagName + ' ' + ratio.toFixed(2) + ': ' + e.textContent.slice(0, 40));
  }
  return found.slice(0, 5);
]]

-- Texts that lie upon each other in the menu, or are cut there.
local CUT = [[
  return [...document.querySelectorAll('nav a')]
    .filter(e => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1)
    .map(e => e.textContent).slice(0, 5);
]]

describe("the site in a browser", function()
  local dir, browser
  local pages = {}

  setup(function()
    dir = system.output("mktemp -d"):gsub("\n", "")
    local said = system.output(("LUA_PATH='lua/?.lua;packaging/?.lua;;' %s packaging/make_site.lua %s 2>&1")
      :format(child.interpreter(), dir))
    assert(said == "", said)
    for name in system.output("cd " .. dir .. " && ls *.html"):gmatch("[^\n]+") do pages[#pages + 1] = name end
    browser = webdriver.start()
  end)
  teardown(function()
    browser:stop()
    os.execute("rm -rf '" .. dir .. "'")
  end)

  -- What a script finds on the pages, by page.
  local function look(script)
    local found = {}
    for _, name in ipairs(pages) do
      assert(browser:open("file://" .. dir .. "/" .. name))
      local list = assert(browser:evaluate(script))
      if #list > 0 then found[name] = list end
    end
    assert.truthy(#pages > 20)
    assert.same({}, found)
  end

  local function keep_pictures(suffix)
    if not PAGES then return end
    for _, name in ipairs(pages) do
      assert(browser:open("file://" .. dir .. "/" .. name))
      browser:picture(PAGES .. "/" .. name .. suffix .. ".png")
    end
  end

  it("is no wider than a phone", function()
    browser:set_size(360, 780)
    look(WIDER)
    keep_pictures(".phone")
  end)

  for _, is_dark in ipairs { false, true } do
    it("can be read " .. (is_dark and "in the dark" or "in the light"), function()
      browser:set_size(1280, 900)
      browser:set_dark(is_dark)
      look(FAINT)
      keep_pictures(is_dark and ".dark" or ".light")
    end)
  end

  it("is dark where dark is wanted", function()
    assert(browser:open("file://" .. dir .. "/index.html"))
    browser:set_dark(true)
    local dark = browser:evaluate("return getComputedStyle(document.body).backgroundColor")
    browser:set_dark(false)
    assert.not_equal(dark, browser:evaluate("return getComputedStyle(document.body).backgroundColor"))
  end)

  it("has a menu of which nothing is cut", function()
    browser:set_size(1280, 900)
    look(CUT)
  end)
end)
