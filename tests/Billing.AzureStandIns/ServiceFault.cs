namespace Billing.AzureStandIns;

/// <summary>What goes wrong with a request to a service.</summary>
/// <param name="Status">It is answered with; 0: not at all.</param>
/// <param name="Done">It was carried out before that.</param>
/// <param name="Sub">Cosmos' own number below the status; 0: none.</param>
public sealed record ServiceFault(int Status, bool Done = false, int Sub = 0);
