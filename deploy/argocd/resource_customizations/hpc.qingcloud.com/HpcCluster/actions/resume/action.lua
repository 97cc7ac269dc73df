-- "false", not nil: when it is the only annotation, nil leaves an empty table, and Argo CD takes that for no change.
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["hpc.qingcloud.com/paused"] = "false"
return obj
