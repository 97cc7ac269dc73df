{{/* The environment of every container that runs hpc-operator. */}}
{{- define "hpc-operator.environment" -}}
- name: HPC_OPERATOR_FLEET
  value: {{ .Values.fleet | quote }}
{{- if include "hpc-operator.keySecret" . }}
- name: HPC_OPERATOR_CREDENTIALS_DIR
  value: /etc/hpc-operator/credentials
- name: HPC_OPERATOR_CREDENTIALS_SECRET
  value: {{ printf "%s/%s" .Release.Namespace (include "hpc-operator.keySecret" .) | quote }}
{{- end }}
{{- with .Values.scope.namespaces }}
- name: HPC_OPERATOR_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.scope.secretNamespaces }}
- name: HPC_OPERATOR_SECRET_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
- name: HPC_OPERATOR_LEASE_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: HPC_OPERATOR_LEASE_NAME
  value: {{ include "hpc-operator.fullname" . | quote }}
- name: HPC_OPERATOR_LISTEN_PORT
  value: "8080"
{{- if .Values.trial.enabled }}
- name: HPC_OPERATOR_ENDPOINT
  value: {{ printf "http://%s-simulator.%s.svc:8080/api" (include "hpc-operator.fullname" .) .Release.Namespace | quote }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: HPC_OPERATOR_{{ upper $name }}
  value: {{ include "hpc-operator.asText" $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* A setting as its environment variable has it. Helm reads numbers of YAML as floats, and prints 100000000 as 1e+08;
JSON writes them out. */}}
{{- define "hpc-operator.asText" -}}
{{- if kindIs "slice" . -}}
{{ join "," . }}
{{- else if kindIs "string" . -}}
{{ . }}
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end -}}

{{/* The Secret with the operator's own key; empty: there is none. */}}
{{- define "hpc-operator.keySecret" -}}
{{- if .Values.trial.enabled -}}
{{ include "hpc-operator.fullname" . }}-simulator-key
{{- else -}}
{{ .Values.credentials.existingSecret }}
{{- end -}}
{{- end -}}
