--- Runs one peer's calls: `lua job.lua PEER CALL COUNT BASE_URL CA_FILE [IN_FLIGHT]`, as the programs in C
-- are called. CA_FILE is "-" for what the peer trusts by itself. Any failure ends the program, so that
-- nothing wrong is measured.

local name, call, count, base_url, ca_file, in_flight = (table.unpack or unpack)(arg)

local peer = dofile((arg[0]:match("^.*/") or "./") .. "peers/" .. name .. ".lua")

local job = {
  call = call, base_url = base_url, ca_file = ca_file ~= "-" and ca_file or nil,
  in_flight = tonumber(in_flight or 1),
  values = {
    api_key = "key-0123456789abcdef", api_secret = "0123456789abcdef0123456789abcdef",
    callback_url = "https://www.mycoolapp.com/auth", code = "0123456789abcdef0123456789abcdef",
    user_secret = "0123456789abcdef0123456789abcdef",
    organization_secret = "0123456789abcdef0123456789abcdef",
    name = "my shop", tags = { "eu" }, token = "0123456789abcdef0123456789abcdef",
  },
}

local RIGHT = {
  oauth_url = function(answer) return type(answer.oauthUrl) == "string" end,
  create_instance = function(answer) return type(answer.token) == "string" end,
  list_customers = function(answer) return #answer == 100 end,
}

function job.check(answer)
  if type(answer) ~= "table" or not RIGHT[call](answer) then error("a wrong answer", 0) end
end

if in_flight then
  peer.many(job, tonumber(count))
else
  local run = peer.open(job)
  for _ = 1, tonumber(count) do job.check(run()) end
end
