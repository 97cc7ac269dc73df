{{/* What docs/security.md says of each; tests/e2e/test_rights.py compares them with operator/hpc_operator/kube/rights.py. */}}
{{- define "hpc-operator.rules" -}}
- apiGroups: [hpc.qingcloud.com]
  resources: [hpcclusters]
  verbs: [get, list, watch, patch]
- apiGroups: [hpc.qingcloud.com]
  resources: [hpcclusters/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- define "hpc-operator.secretRules" -}}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch, delete]
{{- end -}}

{{- define "hpc-operator.subject" -}}
- kind: ServiceAccount
  name: {{ include "hpc-operator.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* A Role with these rules and its binding in a namespace: (dict "root" $ "name" … "namespace" … "rules" …). */}}
{{- define "hpc-operator.role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- include "hpc-operator.labels" .root | nindent 4 }}
rules:
{{ .rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- include "hpc-operator.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
{{ include "hpc-operator.subject" .root }}
{{- end -}}
