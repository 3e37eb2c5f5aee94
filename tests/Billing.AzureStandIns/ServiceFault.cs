namespace Billing.AzureStandIns;

/// <summary>What goes wrong with a request to a service.</summary>
/// <param name="Status">It is answered with; 0: not at all.</param>
/// <param name="Done">It was carried out before that.</param>
public sealed record ServiceFault(int Status, bool Done = false);
