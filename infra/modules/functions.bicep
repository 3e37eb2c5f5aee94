// The app: a custom handler on Flex Consumption. Every setting that the code reads is here, and none that it does not.
param token string
param location string
param tags object
param identityId string
param identityClientId string
param hostStorageName string
param deploymentContainer string
param cosmosEndpoint string
param tableEndpoints array
param blobEndpoint string
param eventHubsHost string
param hubName string
param consumerGroup string
param firstKeySecretUri string
param insightsConnection string
param maxInstances int
param instanceMemory int
param readyHttpInstances int
param behindDays int
param prices string
param subnetId string
param otlpEndpoint string
param workspaceId string

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-billing-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-billing-${token}'
  location: location
  tags: union(tags, { 'azd-service-name': 'billing' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      http20Enabled: true
      ftpsState: 'Disabled'
      healthCheckPath: '/health'
      appSettings: concat([
        { name: 'AzureWebJobsStorage__accountName', value: hostStorageName }
        { name: 'AzureWebJobsStorage__credential', value: 'managedidentity' }
        { name: 'AzureWebJobsStorage__clientId', value: identityClientId }
        { name: 'AzureWebJobsDisableHomepage', value: 'true' }
        { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insightsConnection }
        { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', value: 'ClientId=${identityClientId};Authorization=AAD' }
        { name: 'AZURE_CLIENT_ID', value: identityClientId }
        { name: 'EVENTHUB__fullyQualifiedNamespace', value: eventHubsHost }
        { name: 'EVENTHUB__credential', value: 'managedidentity' }
        { name: 'EVENTHUB__clientId', value: identityClientId }
        { name: 'EVENTHUB_NAME', value: hubName }
        { name: 'EVENTHUB_CONSUMER_GROUP', value: consumerGroup }
        { name: 'BILLING_COSMOS', value: cosmosEndpoint }
        { name: 'BILLING_TABLES', value: join(tableEndpoints, ',') }
        { name: 'BILLING_BLOBS', value: blobEndpoint }
        { name: 'BILLING_API_KEY', value: '@Microsoft.KeyVault(SecretUri=${firstKeySecretUri})' }
        { name: 'BILLING_BEHIND_DAYS', value: string(behindDays) }
        { name: 'BILLING_PRICES', value: prices }
        { name: 'BILLING_BILL_SCHEDULE', value: '0 * * * * *' }
        { name: 'BILLING_DELIVER_SCHEDULE', value: '*/15 * * * * *' }
        { name: 'BILLING_SWEEP_SCHEDULE', value: '0 30 2 * * *' }
      ], empty(otlpEndpoint) ? [] : [
        { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: otlpEndpoint }
      ])
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: 'https://${hostStorageName}.blob.${environment().suffixes.storage}/${deploymentContainer}'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: {
        maximumInstanceCount: maxInstances
        instanceMemoryMB: instanceMemory
        alwaysReady: readyHttpInstances > 0 ? [{ name: 'http', instanceCount: readyHttpInstances }] : []
        triggers: { http: { perInstanceConcurrency: 32 } }
      }
    }
  }
}

// azd publishes with a token; names and passwords are closed.
resource noPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = [for name in ['ftp', 'scm']: {
  parent: app
  name: name
  properties: { allow: false }
}]

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'FunctionAppLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output address string = 'https://${app.properties.defaultHostName}'
