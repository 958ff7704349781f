-- Three lines for each way in which it can end. They hold nothing of the request, and link to the beginning only.

local PAGE = [[
<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%s</title><body style="font: 1.1em/1.6 system-ui; max-width: 32em; margin: 10vh auto; padding: 0 1em">
<h1>%s</h1><p>%s</p>
]]

local AGAIN = ' <a href="/connect">Begin again</a>.'

local PAGES = {
  connected = { 200, "Connected", "Your shop is connected. You may close this page." },
  denied = { 403, "Not connected", "You did not allow it, and nothing was changed." .. AGAIN },
  again = { 400, "Not connected", "This page was opened too late, twice, or by another browser." .. AGAIN },
  busy = { 503, "Please wait", "Too many people connect just now. Try again in some minutes." },
  failed = { 502, "Not connected", "Something went wrong on our side; we have noted it." .. AGAIN },
}

local M = {}

function M.show(name)
  local page = PAGES[name]
  ngx.status = page[1]
  ngx.header["Content-Type"] = "text/html; charset=utf-8"
  ngx.header["Cache-Control"] = "no-store"
  ngx.header["Referrer-Policy"] = "no-referrer" -- the address holds the code
  ngx.print(PAGE:format(page[2], page[2], page[3]))
  return ngx.exit(ngx.HTTP_OK)
end

return M
