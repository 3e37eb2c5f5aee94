// A network of the app's own, with a private endpoint for each service. The app's own address stays public.
param token string
param location string
param tags object
param cosmosId string
param eventHubsId string
param hostStorageId string
param dataStorageIds array

var suffix = environment().suffixes.storage
// Which services, by which name they are found, and in which zone.
var storageGroups = ['blob', 'table', 'queue']
var hostEndpoints = [for of in storageGroups: { name: 'host-${of}', id: hostStorageId, group: of, zone: 'privatelink.${of}.${suffix}' }]
var claimEndpoints = [for (id, i) in dataStorageIds: { name: 'claims-${i}', id: id, group: 'table', zone: 'privatelink.table.${suffix}' }]
var otherEndpoints = [
  { name: 'archive', id: dataStorageIds[0], group: 'blob', zone: 'privatelink.blob.${suffix}' }
  { name: 'cosmos', id: cosmosId, group: 'Sql', zone: 'privatelink.documents.azure.com' }
  { name: 'hub', id: eventHubsId, group: 'namespace', zone: 'privatelink.servicebus.windows.net' }
]
var endpoints = concat(hostEndpoints, claimEndpoints, otherEndpoints)
var zones = [
  'privatelink.blob.${suffix}'
  'privatelink.table.${suffix}'
  'privatelink.queue.${suffix}'
  'privatelink.documents.azure.com'
  'privatelink.servicebus.windows.net'
]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-billing-${token}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/16'] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: '10.20.0.0/24'
          delegations: [{ name: 'flex', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: '10.20.1.0/24'
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for name in zones: {
  name: name
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (name, i) in zones: {
  parent: zone[i]
  name: 'link'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: network.id }
  }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = [for of in endpoints: {
  name: 'pe-${of.name}-${token}'
  location: location
  tags: tags
  properties: {
    subnet: { id: '${network.id}/subnets/endpoints' }
    privateLinkServiceConnections: [
      {
        name: of.name
        properties: { privateLinkServiceId: of.id, groupIds: [of.group] }
      }
    ]
  }
}]

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (of, i) in endpoints: {
  parent: endpoint[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: of.group
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', of.zone) }
      }
    ]
  }
  dependsOn: [zone]
}]

output appSubnetId string = '${network.id}/subnets/app'
