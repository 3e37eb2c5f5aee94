using Billing.Functions.Hosting.Webhooks;
using Billing.UseCases.Notifications;

namespace Billing.Functions.Hosting.Parts;

/// <summary>Registers messages and their delivery.</summary>
public static class NotificationParts
{
    public static void AddNotifications(this IServiceCollection services, Settings settings)
    {
        services.AddSingleton<WebhookEndpoints>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<SendWebhook>(all => all.GetRequiredService<WebhookSender>().SendAsync);
        services.AddSingleton<Func<double>>(_ => Random.Shared.NextDouble);
        services.AddSingleton<DeliverMessages>();
        services.AddTimer<WebhookTimer>(settings);
    }
}
