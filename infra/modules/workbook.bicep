// One page for whoever runs billing: does usage come in, is it counted, what does it cost, what fails.
param token string
param location string
param tags object
param workspaceId string
param cosmosId string
param eventHubsId string

var content = {
  version: 'Notebook/1.0'
  items: [
    {
      type: 1
      name: 'about'
      content: { json: '## Billing\nUsage in and out of the hub, what Cosmos DB is asked, and what failed. Totals of events: `GET /v1/ingest/stats`; partitions: `GET /v1/operations/logs`.' }
    }
    {
      type: 10
      name: 'hub'
      content: {
        chartId: 'hub'
        version: 'MetricsItem/2.0'
        size: 0
        chartType: 2
        resourceType: 'microsoft.eventhub/namespaces'
        resourceIds: [eventHubsId]
        timeContext: { durationMs: 86400000 }
        metrics: [
          { namespace: 'microsoft.eventhub/namespaces', metric: 'microsoft.eventhub/namespaces--IncomingMessages', aggregation: 1 }
          { namespace: 'microsoft.eventhub/namespaces', metric: 'microsoft.eventhub/namespaces--OutgoingMessages', aggregation: 1 }
          { namespace: 'microsoft.eventhub/namespaces', metric: 'microsoft.eventhub/namespaces--ThrottledRequests', aggregation: 1 }
        ]
        title: 'Messages in, out and refused'
      }
    }
    {
      type: 10
      name: 'cosmos'
      content: {
        chartId: 'cosmos'
        version: 'MetricsItem/2.0'
        size: 0
        chartType: 2
        resourceType: 'microsoft.documentdb/databaseaccounts'
        resourceIds: [cosmosId]
        timeContext: { durationMs: 86400000 }
        metrics: [
          { namespace: 'microsoft.documentdb/databaseaccounts', metric: 'microsoft.documentdb/databaseaccounts-Requests-TotalRequestUnits', aggregation: 1, splitBy: 'CollectionName' }
        ]
        title: 'Request units by container'
      }
    }
    {
      type: 3
      name: 'unusable'
      content: {
        version: 'KqlItem/1.0'
        query: 'AppTraces | where Message has "could not be used; GET /v1/ingest/rejected" | extend Events = tolong(extract("([0-9]+) events of partition", 1, Message)) | summarize Events = sum(Events) by bin(TimeGenerated, 15m) | order by TimeGenerated desc'
        size: 0
        title: 'Events that could not be used'
        timeContext: { durationMs: 86400000 }
        queryType: 0
        resourceType: 'microsoft.operationalinsights/workspaces'
      }
    }
    {
      type: 3
      name: 'failures'
      content: {
        version: 'KqlItem/1.0'
        query: 'AppTraces | where SeverityLevel >= 2 | project TimeGenerated, SeverityLevel, Message | order by TimeGenerated desc | take 100'
        size: 0
        title: 'Warnings and errors of the last day'
        timeContext: { durationMs: 86400000 }
        queryType: 0
        resourceType: 'microsoft.operationalinsights/workspaces'
      }
    }
  ]
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid('billing', token)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Billing'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: string(content)
  }
}
