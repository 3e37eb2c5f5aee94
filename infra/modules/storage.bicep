// One account for the Functions host (its locks, checkpoints and the deployed package), and those of the product: claims in tables, the archive in blobs.
param token string
param location string
param tags object
param claimAccounts int
param archiveCoolAfterDays int
param archiveDeleteAfterDays int
@allowed(['Enabled', 'Disabled'])
param publicNetworkAccess string
param principalId string
param workspaceId string

var deploymentContainerName = 'deployment'
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var storageTableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var hostRoles = [storageBlobDataOwner, storageQueueDataContributor, storageTableDataContributor]
var account = {
  allowSharedKeyAccess: false
  allowBlobPublicAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: publicNetworkAccess
  networkAcls: {
    defaultAction: publicNetworkAccess == 'Enabled' ? 'Allow' : 'Deny'
    bypass: 'AzureServices'
  }
}
var coolActions = archiveCoolAfterDays > 0 ? { tierToCool: { daysAfterModificationGreaterThan: archiveCoolAfterDays } } : {}
var deleteActions = archiveDeleteAfterDays > 0 ? { delete: { daysAfterModificationGreaterThan: archiveDeleteAfterDays } } : {}

resource host 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: take('sthost${token}', 24)
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: account
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: host
  name: 'default'
}

resource deployment 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: hostBlobs
  name: deploymentContainerName
  properties: { publicAccess: 'None' }
}

resource hostRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in hostRoles: {
  name: guid(host.id, principalId, role)
  scope: host
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource data 'Microsoft.Storage/storageAccounts@2023-05-01' = [for i in range(0, claimAccounts): {
  name: take('stbill${i}${token}', 24)
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_ZRS' }
  properties: account
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = [for i in range(0, claimAccounts): {
  parent: data[i]
  name: 'default'
}]

resource claims 'Microsoft.Storage/storageAccounts/tableServices/tables@2023-05-01' = [for i in range(0, claimAccounts): {
  parent: tableService[i]
  name: 'claims'
}]

resource claimsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for i in range(0, claimAccounts): {
  name: guid(data[i].id, principalId, storageTableDataContributor)
  scope: data[i]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageTableDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: data[0]
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 30 }
  }
}

resource archive 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobService
  name: 'archive'
  properties: { publicAccess: 'None' }
}

resource archiveRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(archive.id, principalId, storageBlobDataContributor)
  scope: archive
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = if (archiveCoolAfterDays > 0 || archiveDeleteAfterDays > 0) {
  parent: data[0]
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          enabled: true
          name: 'archive-ages'
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['archive/'] }
            actions: { baseBlob: union(coolActions, deleteActions) }
          }
        }
      ]
    }
  }
  dependsOn: [blobService]
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = [for i in range(0, claimAccounts): {
  name: 'to-workspace'
  scope: tableService[i]
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}]

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobService
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

output hostId string = host.id
output hostName string = host.name
output deploymentContainer string = deploymentContainerName
output dataIds array = [for i in range(0, claimAccounts): data[i].id]
output blobEndpoint string = data[0].properties.primaryEndpoints.blob
output tableEndpoints array = [for i in range(0, claimAccounts): data[i].properties.primaryEndpoints.table]
