// Windows, accounts and the catalog. Strong consistency in one region: whatever decides about money reads the newest.
param token string
param location string
param tags object
param serverless bool
param usageMaxThroughput int
param accountsMaxThroughput int
@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string
param principalId string
param workspaceId string

var dataContributor = '00000000-0000-0000-0000-000000000002'
// Bodies are text that nothing is looked for in: writes pay for the index of these two alone. The second index orders what is due.
var indexing = {
  indexingMode: 'consistent'
  automatic: true
  includedPaths: [{ path: '/type/?' }, { path: '/due/?' }]
  excludedPaths: [{ path: '/*' }]
  compositeIndexes: [[{ path: '/due', order: 'ascending' }, { path: '/id', order: 'ascending' }]]
}
var containers = [
  { name: 'usage', key: { paths: ['/key', '/month'], kind: 'MultiHash', version: 2 }, throughput: usageMaxThroughput }
  { name: 'accounts', key: { paths: ['/customerId'], kind: 'Hash', version: 2 }, throughput: accountsMaxThroughput }
  { name: 'catalog', key: { paths: ['/kind', '/ownerId'], kind: 'MultiHash', version: 2 }, throughput: accountsMaxThroughput }
]

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-11-15' = {
  name: 'cosmos-billing-${token}'
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: false }]
    capabilities: serverless ? [{ name: 'EnableServerless' }] : []
    consistencyPolicy: { defaultConsistencyLevel: 'Strong' }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: publicNetworkAccess
    backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-11-15' = {
  parent: account
  name: 'billing'
  properties: {
    resource: { id: 'billing' }
  }
}

resource container 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-11-15' = [for of in containers: {
  parent: database
  name: of.name
  properties: {
    resource: { id: of.name, partitionKey: of.key, indexingPolicy: indexing }
    options: serverless ? {} : { autoscaleSettings: { maxThroughput: of.throughput } }
  }
}]

resource contributor 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2024-11-15' = {
  parent: account
  name: guid(account.id, principalId, 'contributor')
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    principalId: principalId
    scope: '${account.id}/dbs/${database.name}'
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'PartitionKeyRUConsumption', enabled: true }, { category: 'ControlPlaneRequests', enabled: true }]
    metrics: [{ category: 'Requests', enabled: true }]
  }
}

output id string = account.id
output endpoint string = account.properties.documentEndpoint
