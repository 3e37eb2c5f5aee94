// The event log. Producers may send to it straight, with the Sender role; the app sends, is triggered by it, and reads how far it has come.
param token string
param location string
param tags object
param partitions int
param units int
param maxUnits int
param retentionDays int
@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string
param principalId string
param workspaceId string

// Sending and receiving, and the description of hub and partitions over REST, which neither the Sender nor the Receiver role reads.
var eventHubsDataOwner = 'f526a384-b230-433a-b45c-95f59c4a2dec'

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: 'evhns-billing-${token}'
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard', capacity: units }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    isAutoInflateEnabled: maxUnits > units
    maximumThroughputUnits: maxUnits > units ? maxUnits : 0
    publicNetworkAccess: publicNetworkAccess
  }
}

resource hub 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = {
  parent: namespace
  name: 'usage'
  properties: {
    partitionCount: partitions
    retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionDays * 24 }
  }
}

resource group 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = {
  parent: hub
  name: 'billing'
}

resource owner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, principalId, eventHubsDataOwner)
  scope: hub
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', eventHubsDataOwner)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = namespace.id
output host string = '${namespace.name}.servicebus.windows.net'
output hubName string = hub.name
output consumerGroup string = group.name
