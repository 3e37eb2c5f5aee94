// What wakes somebody up: usage that is not counted, events that can not be used, and services that ask us to slow down.
param token string
param location string
param tags object
param email string
param cosmosId string
param eventHubsId string
param workspaceId string

var actions = empty(email) ? [] : [people.id]
// What the app writes to its log, and what it then means.
var logAlerts = [
  {
    name: 'usage-is-retried'
    description: 'A batch of usage fails again and again: a partition of the hub stands still. The log says why; GET /v1/operations/logs shows how far each partition is.'
    query: 'union AppTraces, FunctionAppLogs | where column_ifexists("Message", "") has "is tried again, for the"'
    threshold: 5
    severity: 1
  }
  {
    name: 'function-fails'
    description: 'A function of the app fails. Timers run again at their next tick, usage is brought again.'
    query: 'union AppTraces, FunctionAppLogs | where column_ifexists("Message", "") has "The function" and column_ifexists("Message", "") has "failed."'
    threshold: 10
    severity: 2
  }
  {
    name: 'usage-is-not-usable'
    description: 'Batches of usage bring events that can not be used; the others count. GET /v1/ingest/rejected lists them with their reasons.'
    query: 'union AppTraces, FunctionAppLogs | where column_ifexists("Message", "") has "could not be used; GET /v1/ingest/rejected"'
    threshold: 0
    severity: 3
  }
]
var metricAlerts = [
  {
    name: 'cosmos-throttles'
    description: 'Cosmos DB answers 429: more requests than it was given room for. With autoscale raise usageMaxThroughput; serverless, change to autoscale.'
    scope: cosmosId
    namespace: 'Microsoft.DocumentDB/databaseAccounts'
    metric: 'TotalRequests'
    aggregation: 'Count'
    dimensions: [{ name: 'StatusCode', operator: 'Include', values: ['429'] }]
    threshold: 100
  }
  {
    name: 'hub-throttles'
    description: 'Event Hubs refuses messages: raise hubMaxUnits.'
    scope: eventHubsId
    namespace: 'Microsoft.EventHub/namespaces'
    metric: 'ThrottledRequests'
    aggregation: 'Total'
    dimensions: []
    threshold: 10
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-billing-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'billing'
    enabled: true
    emailReceivers: [{ name: 'operator', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource byLog 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for of in logAlerts: {
  name: '${of.name}-${token}'
  location: location
  tags: tags
  properties: {
    displayName: of.name
    description: of.description
    severity: of.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: of.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: of.threshold
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: actions }
  }
}]

// Taken in and not handed out: how far counting is behind.
resource lag 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'hub-is-not-read-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Messages come into the hub and none go out: usage is not counted. See whether the app runs, and its log.'
    severity: 1
    enabled: true
    scopes: [eventHubsId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'in'
          metricNamespace: 'Microsoft.EventHub/namespaces'
          metricName: 'IncomingMessages'
          operator: 'GreaterThan'
          threshold: 0
          timeAggregation: 'Total'
        }
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'out'
          metricNamespace: 'Microsoft.EventHub/namespaces'
          metricName: 'OutgoingMessages'
          operator: 'LessThanOrEqual'
          threshold: 0
          timeAggregation: 'Total'
        }
      ]
    }
    actions: [for id in actions: { actionGroupId: id }]
  }
}

resource byMetric 'Microsoft.Insights/metricAlerts@2018-03-01' = [for of in metricAlerts: {
  name: '${of.name}-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: of.description
    severity: 2
    enabled: true
    scopes: [of.scope]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: of.name
          metricNamespace: of.namespace
          metricName: of.metric
          dimensions: of.dimensions
          operator: 'GreaterThan'
          threshold: of.threshold
          timeAggregation: of.aggregation
        }
      ]
    }
    actions: [for id in actions: { actionGroupId: id }]
  }
}]
