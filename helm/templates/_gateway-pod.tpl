{{/* The pod of a gateway, for a Deployment and a DaemonSet alike. Mode 288 is 0440: secrets are for the group of the pod. */}}

{{/* Probes: over the network where the admin port can be reached, else by a process in the container. */}}
{{- define "rolegate.probe" -}}
{{- $root := index . 0 -}}
{{- if eq $root.Values.admin.bind "pod" -}}
{{- $scheme := include "rolegate.adminScheme" $root -}}
httpGet: { path: {{ index . 1 }}, port: admin{{ if eq $scheme "https" }}, scheme: HTTPS{{ end }} }
{{- else -}}
exec: { command: [node, /app/dist/main.js, healthcheck, --url, "{{ include "rolegate.adminScheme" $root }}://127.0.0.1:9090{{ index . 1 }}"{{ with include "rolegate.adminCertificate" $root }}, --certificate, {{ . | quote }}{{ end }}] }
{{- end }}
{{- end }}

{{/* Changes of these replace the pods. */}}
{{- define "rolegate.checksums" -}}
{{- if not (or .Values.existingConfig.configMap .Values.existingConfig.secret) -}}
{{- if eq .Values.reload "rollout" -}}
checksum/config: {{ list (include "rolegate.config" .) .Values.configFiles | toJson | sha256sum }}
{{- else -}}
checksum/restart: {{ include "rolegate.restartKeys" . | sha256sum }}
{{- end }}
{{- end }}
{{- with .Values.secrets.values }}
checksum/secrets: {{ toJson . | sha256sum }}
{{- end }}
{{- end }}

{{- define "rolegate.configVolume" -}}
name: config
{{- if .Values.existingConfig.secret }}
secret: { secretName: {{ .Values.existingConfig.secret | quote }}, defaultMode: 288, {{ include "rolegate.mainFile" . }} }
{{- else }}
{{- $name := .Values.existingConfig.configMap | default (include "rolegate.name" .) }}
configMap: { name: {{ $name | quote }}{{ if .Values.existingConfig.configMap }}, {{ include "rolegate.mainFile" . }}{{ end }} }
{{- end }}
{{- end }}

{{/* Only a main file of another name has to be named; then it is the only one. */}}
{{- define "rolegate.mainFile" -}}
{{- if ne .Values.existingConfig.key "gateway.yaml" -}}
items: [{ key: {{ .Values.existingConfig.key | quote }}, path: gateway.yaml }]
{{- end -}}
{{- end }}

{{- define "rolegate.gatewayPod" -}}
{{- $secret := include "rolegate.secret" . -}}
metadata:
  labels:
    {{- include "rolegate.labels" (list . "gateway") | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: gateway
    {{- with include "rolegate.checksums" . | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "rolegate.serviceAccount" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ add (int .Values.preStopSeconds) (int .Values.drainDelaySeconds) (int .Values.drainSeconds) 5 }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.initContainers }}
  initContainers: {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: gateway
      image: {{ include "rolegate.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        - serve
        - --config
        - /etc/rolegate/gateway.yaml
        {{- with .Values.extraArgs }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.extraEnv }}
      env: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.extraEnvFrom }}
      envFrom: {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        {{- if include "rolegate.forwards" . }}
        - { name: {{ include "rolegate.scheme" . }}, containerPort: 8080, protocol: TCP }
        {{- end }}
        {{- if include "rolegate.authorizes" . }}
        {{- if .Values.authorizer.http.enabled }}
        - { name: checks, containerPort: 8070, protocol: TCP }
        {{- end }}
        {{- if .Values.authorizer.grpc.enabled }}
        - { name: checks-grpc, containerPort: 8071, protocol: TCP }
        {{- end }}
        {{- end }}
        {{- if eq .Values.admin.bind "pod" }}
        - { name: admin, containerPort: 9090, protocol: TCP }
        {{- end }}
      startupProbe:
        {{- include "rolegate.probe" (list . "/health/live") | nindent 8 }}
        {{- toYaml .Values.probes.startup | nindent 8 }}
      livenessProbe:
        {{- include "rolegate.probe" (list . "/health/live") | nindent 8 }}
        {{- toYaml .Values.probes.liveness | nindent 8 }}
      readinessProbe:
        {{- include "rolegate.probe" (list . "/health/ready") | nindent 8 }}
        {{- toYaml .Values.probes.readiness | nindent 8 }}
      {{- $hooks := deepCopy (.Values.lifecycle | default dict) }}
      {{- if and .Values.preStopSeconds (not $hooks.preStop) }}
      {{- $_ := set $hooks "preStop" (dict "sleep" (dict "seconds" (int .Values.preStopSeconds))) }}
      {{- end }}
      {{- with $hooks }}
      lifecycle: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.resources }}
      resources: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.containerSecurityContext }}
      securityContext: {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        # A whole folder: what is mounted as a subPath never changes.
        - { name: config, mountPath: /etc/rolegate, readOnly: true }
        {{- if or $secret .Values.authApi.enabled }}
        - { name: secrets, mountPath: /run/secrets/rolegate, readOnly: true }
        {{- end }}
        {{- range include "rolegate.tlsSecrets" . | fromJsonArray }}
        - { name: {{ include "rolegate.tlsVolume" . }}, mountPath: {{ printf "/run/tls/%s" . | quote }}, readOnly: true }
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with .Values.sidecars }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    - {{ include "rolegate.configVolume" . | nindent 6 | trim }}
    {{- if .Values.authApi.enabled }}
    - name: secrets
      projected:
        defaultMode: 288
        sources:
          {{- with $secret }}
          - secret: { name: {{ . | quote }} }
          {{- end }}
          {{- if not .Values.authApi.gatewaySecretKey }}
          - {{ include "rolegate.gatewaySecretSource" . }}
          {{- end }}
    {{- else if $secret }}
    - { name: secrets, secret: { secretName: {{ $secret | quote }}, defaultMode: 288 } }
    {{- end }}
    {{- range include "rolegate.tlsSecrets" . | fromJsonArray }}
    - { name: {{ include "rolegate.tlsVolume" . }}, secret: { secretName: {{ . | quote }}, defaultMode: 288 } }
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- if eq .Values.kind "Deployment" }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: ScheduleAnyway
      # Old pods do not count while new ones take over.
      matchLabelKeys: [pod-template-hash]
      labelSelector: { matchLabels: {{ include "rolegate.selector" (list $ "gateway") | fromYaml | toJson }} }
    {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
