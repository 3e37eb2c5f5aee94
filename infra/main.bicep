// Everything the app needs, in one resource group. No key or secret is used between the parts: each trusts the app's identity.
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Name of the azd environment; the names of all resources derive from it.')
param environmentName string

@description('Region of everything. Flex Consumption has to be offered there.')
param location string

@description('Who provisions, and may read the first API key from the vault.')
param principalId string = ''

@description('Kind of that principal: User, or ServicePrincipal in a pipeline.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param principalType string = 'User'

@secure()
@description('The first admin API key. azd makes it once and keeps it in the vault.')
param firstApiKey string

@description('How Cosmos DB is paid for: serverless by the request, up to some 5,000 RU/s a container; autoscale by the hour, without that bound.')
@allowed(['serverless', 'autoscale'])
param cosmosCapacity string = 'serverless'

@description('Most RU/s of the usage container, with autoscale; it scales down to a tenth.')
@minValue(1000)
param usageMaxThroughput int = 4000

@description('Most RU/s of the accounts and of the catalog container, with autoscale.')
@minValue(1000)
param accountsMaxThroughput int = 1000

@description('Partitions of the event hub. They bound how many instances count usage at once, and can not be changed later in the Standard tier.')
@minValue(1)
@maxValue(32)
param hubPartitions int = 8

@description('Throughput units of the namespace to begin with: 1 MB or 1,000 messages a second each.')
@minValue(1)
@maxValue(40)
param hubUnits int = 1

@description('Throughput units it may grow to by itself.')
@minValue(1)
@maxValue(40)
param hubMaxUnits int = 10

@description('Days that the hub keeps messages: how long counting may stand still without losing any.')
@minValue(1)
@maxValue(7)
param hubRetentionDays int = 7

@description('Storage accounts that hold the claims on event ids, 20,000 rows a second each. The number is for ever: a claim is looked for where it was made.')
@minValue(1)
@maxValue(16)
param claimAccounts int = 1

@description('Days after which the archive of raw events goes to cool storage; 0 for never.')
param archiveCoolAfterDays int = 30

@description('Days after which the archive of raw events is deleted; 0 for never. New meters count back, and windows are rebuilt, no further than it reaches.')
param archiveDeleteAfterDays int = 0

@description('Most instances of each function.')
@minValue(1)
@maxValue(1000)
param maxInstances int = 40

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('Instances that are always ready for HTTP requests; 0 saves money, and the first request after a pause waits some seconds.')
@minValue(0)
param readyHttpInstances int = 1

@description('Puts every service behind private endpoints of a network of its own.')
param privateNetwork bool = false

@description('Who is told of alerts; empty for nobody.')
param alertEmail string = ''

@description('Where the app sends its traces, metrics and logs by OTLP, as http(s)://host:port of a collector; empty for nowhere.')
param otlpEndpoint string = ''

@description('Days that logs are kept.')
@minValue(30)
param logRetentionDays int = 30

@description('How many days late an event may come.')
@minValue(1)
param behindDays int = 400

@description('What Azure takes here, for GET /v1/operations/cost: JSON as {"requestUnits":0.25,"perHour":0.03}. Empty: list prices.')
param prices string = ''

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-billing-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    retentionDays: logRetentionDays
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    claimAccounts: claimAccounts
    archiveCoolAfterDays: archiveCoolAfterDays
    archiveDeleteAfterDays: archiveDeleteAfterDays
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module eventHubs 'modules/eventhubs.bicep' = {
  name: 'eventhubs'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    partitions: hubPartitions
    units: hubUnits
    maxUnits: hubMaxUnits
    retentionDays: hubRetentionDays
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    serverless: cosmosCapacity == 'serverless'
    usageMaxThroughput: usageMaxThroughput
    accountsMaxThroughput: accountsMaxThroughput
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    firstApiKey: firstApiKey
    appPrincipalId: identity.outputs.principalId
    userPrincipalId: principalId
    userPrincipalType: principalType
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    cosmosId: cosmos.outputs.id
    eventHubsId: eventHubs.outputs.id
    hostStorageId: storage.outputs.hostId
    dataStorageIds: storage.outputs.dataIds
  }
}

module app 'modules/functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: storage.outputs.hostName
    deploymentContainer: storage.outputs.deploymentContainer
    cosmosEndpoint: cosmos.outputs.endpoint
    tableEndpoints: storage.outputs.tableEndpoints
    blobEndpoint: storage.outputs.blobEndpoint
    eventHubsHost: eventHubs.outputs.host
    hubName: eventHubs.outputs.hubName
    consumerGroup: eventHubs.outputs.consumerGroup
    firstKeySecretUri: vault.outputs.firstKeySecretUri
    insightsConnection: monitoring.outputs.insightsConnection
    maxInstances: maxInstances
    instanceMemory: instanceMemory
    readyHttpInstances: readyHttpInstances
    behindDays: behindDays
    prices: prices
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    otlpEndpoint: otlpEndpoint
    workspaceId: monitoring.outputs.workspaceId
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    email: alertEmail
    cosmosId: cosmos.outputs.id
    eventHubsId: eventHubs.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    cosmosId: cosmos.outputs.id
    eventHubsId: eventHubs.outputs.id
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output BILLING_ADDRESS string = app.outputs.address
output EVENTHUB_NAMESPACE string = eventHubs.outputs.host
output EVENTHUB_NAME string = eventHubs.outputs.hubName
