{{- define "pawl.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "pawl.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "pawl.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pawl.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "pawl.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pawl.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pawl.labels" -}}
{{ include "pawl.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "pawl.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "pawl.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pawl.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "pawl.leaderElect" -}}
{{- if or .Values.leaderElection.enabled (gt (int .Values.replicaCount) 1) }}true{{ end -}}
{{- end -}}

{{- define "pawl.extraCA" -}}
{{- if .Values.extraCA.configMap -}}
{{ .Values.extraCA.configMap }}
{{- else if .Values.extraCA.pem -}}
{{ include "pawl.fullname" . }}-ca
{{- end -}}
{{- end -}}

{{/* The rules of one namespace; the same whether they stand in a Role or in the ClusterRole. */}}
{{- define "pawl.rules" -}}
{{- if has "sync" .Values.roles }}
- apiGroups: [external-secrets.io]
  resources: [externalsecrets, secretstores, pushsecrets]
  verbs: [get, list, watch]
- apiGroups: [external-secrets.io]
  resources: [externalsecrets, pushsecrets]
  verbs: [create, update, patch, delete]
- apiGroups: [external-secrets.io]
  resources: [secretstores]
  verbs: [update, patch]
- apiGroups: [external-secrets.io]
  resources:
    - externalsecrets/status
    - externalsecrets/finalizers
    - secretstores/status
    - secretstores/finalizers
    - pushsecrets/status
    - pushsecrets/finalizers
  verbs: [get, update, patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [""]
  resources: [configmaps, serviceaccounts]
  verbs: [get, list, watch]
{{- if .Values.rbac.serviceAccountTokenCreate }}
- apiGroups: [""]
  resources: [serviceaccounts/token]
  verbs: [create]
{{- end }}
{{- end }}
{{- if has "reload" .Values.roles }}
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get, list, watch]
- apiGroups: [apps]
  resources: [deployments, daemonsets, statefulsets]
  verbs: [get, list, watch, patch]
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [get, list, watch, patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, delete, patch]
{{- if .Values.rbac.argoRollouts }}
- apiGroups: [argoproj.io]
  resources: [rollouts]
  verbs: [get, list, watch, update, patch]
{{- end }}
{{- if .Values.rbac.secretProviderClasses }}
- apiGroups: [secrets-store.csi.x-k8s.io]
  resources: [secretproviderclasses, secretproviderclasspodstatuses]
  verbs: [get, list, watch]
{{- end }}
{{- end }}
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What exists only once in a cluster. */}}
{{- define "pawl.clusterRules" -}}
{{- if has "sync" .Values.roles }}
- apiGroups: [external-secrets.io]
  resources: [clustersecretstores, clusterexternalsecrets, clusterpushsecrets]
  verbs: [get, list, watch, update, patch]
- apiGroups: [external-secrets.io]
  resources:
    - clustersecretstores/status
    - clustersecretstores/finalizers
    - clusterexternalsecrets/status
    - clusterexternalsecrets/finalizers
    - clusterpushsecrets/status
    - clusterpushsecrets/finalizers
  verbs: [get, update, patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch, update, patch]
{{- else }}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
{{- end }}
{{- end -}}
