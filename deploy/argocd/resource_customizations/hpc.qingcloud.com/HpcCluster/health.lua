-- The status table of hpc-operator as Argo CD's health. Written for Argo's sandbox: no string library.

local metadata = obj.metadata or {}
local status = obj.status or {}
local generation = metadata.generation or 0
local annotations = metadata.annotations or {}

local conditions = {}
for _, each in ipairs(status.conditions or {}) do
  conditions[each.type] = each
end
local ready = conditions["Ready"]

-- What a condition says, in one line.
local function told(condition)
  if condition.message == nil or condition.message == "" then
    return condition.reason
  end
  return condition.reason .. ": " .. condition.message
end

local function is(kind, wanted)
  return conditions[kind] ~= nil and conditions[kind].status == wanted
end

local function health(as, message)
  return { status = as, message = message }
end

-- The operator takes any value but these for a pause.
local no_pause = { [""] = true, ["false"] = true, ["False"] = true, ["FALSE"] = true }
local mark = annotations["hpc.qingcloud.com/paused"]
local paused = mark ~= nil and not no_pause[mark]

if metadata.deletionTimestamp ~= nil then
  return health("Progressing", ready and "being deleted; " .. told(ready) or "being deleted")
end
if ready == nil then
  return health("Progressing", "the operator has not looked at it yet")
end
if (status.observedGeneration or -1) < generation then
  return health("Progressing", "the newest spec was not seen yet; before: " .. told(ready))
end
if (ready.observedGeneration or -1) < generation then
  return health("Progressing", "the newest spec was not judged yet; before: " .. told(ready))
end
if ready.reason == "Paused" then
  return health("Suspended", told(ready))
end
if is("Stalled", "True") then
  return health("Degraded", told(conditions["Stalled"]))
end
if is("Reconciling", "True") or ready.status ~= "True" then
  return health("Progressing", told(ready))
end
if paused then
  return health("Suspended", "paused by annotation; " .. told(ready))
end
if ready.reason == "Stopped" then
  return health("Suspended", told(ready))
end
return health("Healthy", told(ready))
