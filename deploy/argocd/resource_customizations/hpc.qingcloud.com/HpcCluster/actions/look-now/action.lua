-- The operator looks at once when this value changes, and acknowledges it in status.lastHandledReconcileAt.
local os = require("os") -- the sandbox has no global of this name
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["hpc.qingcloud.com/reconcile-at"] = os.date("!%Y-%m-%dT%XZ")
return obj
