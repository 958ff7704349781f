-- How the local service misbehaves, as values.

local cjson = require "cjson"
local misbehave = require "sapanywhere.sandbox.faults.misbehave"
local played = require "support.played"

local header_of = played.header_of
local assert_refused = played.assert_refused

describe("the sandbox's misbehaviour", function()
  local function right()
    local headers = { { "Content-Type", "application/json" } }
    return { status = 200, headers = headers, body = '{"token":"t","id":1}' }
  end
  local function alter(text, answer) return misbehave.alter(assert(misbehave.parse(text)), answer) end

  it("is written and read back", function()
    local told = misbehave.parse(misbehave.write {
      delay = 0.5, status = 503, act = false, die = true, redirect = "https://a.example/?x=1;2",
      header = { ["Retry-After"] = "1 ;%", X = { "a", "b" } },
    })
    assert.same({
      delay = 0.5, status = 503, act = false, die = true, redirect = "https://a.example/?x=1;2",
      header = { { "Retry-After", "1 ;%" }, { "X", "a" }, { "X", "b" } },
    }, told)
  end)

  for _, text in ipairs {
    "delai=1", "delay=x", "delay", "die=yes", "body=nothing", "chunked=2", "raw=%2",
    "size=4000000000", "headers=1000000", "interim=1000000", "gzip_bomb=99999999999",
  } do
    it("is not read from " .. text, function()
      local told, problem = misbehave.parse(text)
      assert.is_nil(told)
      assert.equal("string", type(problem))
    end)
  end

  it("does the action unless it answers otherwise or dies, or is told to", function()
    for text, acts in pairs {
      [""] = true, ["delay=1"] = true, ["body=html"] = true, ["cut=1"] = true, ["act_then_die=1"] = true,
      ["die_reused=1"] = true, ["status=503"] = false, ["redirect=x"] = false, ["die=1"] = false,
      ["status=503;act=1"] = true, ["body=html;act=0"] = false,
    } do
      assert.equal(acts, misbehave.acts(misbehave.parse(text)))
    end
  end)

  it("answers any status in the documented shape with any header", function()
    local answer = alter("status=429;header.Retry-After=7")
    assert_refused(429, answer)
    assert.equal("7", header_of(answer, "Retry-After"))
    assert_refused(418, alter("status=418"))
    assert_refused(503, alter("status=503;act=1", right()))
  end)

  it("puts bodies in the answer's place that are all unlike what was promised", function()
    local bodies = require "sapanywhere.sandbox.faults.bodies"
    for name in pairs(bodies) do
      local answer = alter("body=" .. name, right())
      assert.equal(200, answer.status)
      assert.equal(name ~= "html" and "application/json;charset=UTF-8" or "text/html",
        header_of(answer, "Content-Type"))
      if name ~= "nourl" then assert.not_equal(right().body, answer.body, name) end
    end
  end)

  it("leaves a token out, and nothing else", function()
    assert.same({ id = 1 }, cjson.decode(alter("body=notoken", right()).body))
  end)

  it("pads JSON to a size", function()
    local answer = alter("size=5000", right())
    assert.equal(5000, #answer.body)
    assert.equal("t", cjson.decode(answer.body).token)
    assert.equal(5000, #alter("size=5000;body=list", right()).body)
    assert.equal(right().body, alter("size=3", right()).body)
  end)

  it("rolls dice only where it is flaky", function()
    local told = misbehave.parse("flaky=5")
    assert.equal(told, (misbehave.roll(told, function() return 501 end)))
    local now, fault = misbehave.roll(told, function(low) return low end)
    assert.is_true(now.die)
    assert.equal("die=1", fault)
    assert.equal(0, #now.header)
  end)
end)
