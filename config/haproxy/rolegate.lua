-- Asks Rolegate about each request (HAProxy 2.6 or newer, no further libraries).
-- "rolegate proxy-config haproxy" prints the whole configuration. Its "global" section sets, before "lua-load":
--
--   setenv ROLEGATE_CHECK_URL           URL of the check
--   setenv ROLEGATE_CHECK_DESTINATION   "ipv4@127.0.0.1:8070" or "unix@/run/rolegate/authorizer.sock"
--   setenv ROLEGATE_CHECK_MILLISECONDS  how long a check may take
--   setenv ROLEGATE_CHECK_HEADERS       headers that the response decides, separated by commas
--
-- The shared secret, if there is one, is in the environment variable ROLEGATE_AUTHORIZER_SECRET. Environment variables, because HAProxy
-- passes arguments to a script only from version 2.7.

-- HAProxy does not start without one of them.
local function setting(name)
  return os.getenv(name) or error(name .. " is not set: generate the configuration again")
end
local url, destination = setting("ROLEGATE_CHECK_URL"), setting("ROLEGATE_CHECK_DESTINATION")
local milliseconds = tonumber(setting("ROLEGATE_CHECK_MILLISECONDS"))
local secret = os.getenv("ROLEGATE_AUTHORIZER_SECRET")

local managed = {}
for name in string.gmatch(setting("ROLEGATE_CHECK_HEADERS"), "[^,]+") do managed[#managed + 1] = name end

-- Of the connection between client and HAProxy, and fields that are set below.
local own = { ["host"] = true, ["connection"] = true, ["keep-alive"] = true, ["proxy-connection"] = true, ["te"] = true,
  ["trailer"] = true, ["transfer-encoding"] = true, ["upgrade"] = true, ["content-length"] = true, ["expect"] = true,
  ["x-original-method"] = true, ["x-original-uri"] = true, ["x-original-host"] = true, ["x-real-ip"] = true,
  ["x-forwarded-proto"] = true, ["x-rolegate-authorizer"] = true }

-- Of the connection between HAProxy and Rolegate.
local of_response = { ["connection"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true, ["content-length"] = true }

local function each(values)
  local list = {}
  for index = 0, 1000 do
    if values[index] ~= nil then list[#list + 1] = values[index] elseif index > 0 then break end
  end
  return list
end

-- Whatever goes wrong here is an outage: nothing passes, and nothing looks like a bad credential.
local function unavailable(txn)
  local reply = txn:reply({ status = 503 })
  reply:add_header("retry-after", "1")
  reply:add_header("cache-control", "no-store")
  txn:done(reply)
end

-- HAProxy forwards trailers, and some services read them as headers: "user-id" in a trailer would be an identity.
local function refused(txn)
  local reply = txn:reply({ status = 400 })
  reply:add_header("x-error", "Trailers are not accepted here")
  reply:add_header("x-error-id", txn.f:uuid())
  reply:add_header("cache-control", "no-store")
  txn:done(reply)
end

core.register_action("rolegate", { "http-req" }, function(txn)
  local received = txn.http:req_get_headers()
  if received["trailer"] ~= nil then return refused(txn) end
  local hosts = received["host"] and each(received["host"]) or {}
  local asked = {}
  for name, values in pairs(received) do
    if not own[name] then asked[name] = each(values) end
  end
  -- A WebSocket over HTTP/2 has no key; without one Rolegate would decide an ordinary request.
  local upgrade = received["upgrade"] and table.concat(each(received["upgrade"]), ","):lower() or ""
  if upgrade:find("websocket", 1, true) and asked["sec-websocket-key"] == nil then
    asked["sec-websocket-key"] = { "none" }
  end
  asked["x-original-method"] = { txn.f:method() }
  asked["x-original-uri"] = { txn.f:pathq() }
  asked["x-original-host"] = hosts
  asked["x-real-ip"] = { txn.f:src() }
  asked["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
  if secret ~= nil then asked["x-rolegate-authorizer"] = { secret } end

  local client = core.httpclient()
  local done, response = pcall(client.get, client,
    { url = url, dst = destination, headers = asked, timeout = milliseconds })
  if not done or response == nil or response.status == nil then return unavailable(txn) end

  if response.status == 200 then
    -- Rolegate sends every one of them; a response without is not from Rolegate.
    for _, name in ipairs(managed) do
      if response.headers[name] == nil then return unavailable(txn) end
    end
    for _, name in ipairs(managed) do
      local value = each(response.headers[name])[1]
      if value == nil or value == "" then
        txn.http:req_del_header(name)
      else
        txn.http:req_set_header(name, value)
      end
    end
    return
  end

  if response.status < 300 then return unavailable(txn) end
  local reply = txn:reply({ status = response.status })
  for name, values in pairs(response.headers) do
    if not of_response[name] then
      for _, value in ipairs(each(values)) do reply:add_header(name, value) end
    end
  end
  if response.body ~= nil then reply:set_body(response.body) end
  txn:done(reply)
end)
