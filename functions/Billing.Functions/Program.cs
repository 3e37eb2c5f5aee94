using System.Data.Common;
using Billing.Functions.Demo;
using Billing.Functions.Hosting;
using Billing.Functions.Upkeep;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using NodaTime;

switch (args.FirstOrDefault())
{
    case "--help" or "-h" or "help":
        Console.WriteLine(Greeting.Help);
        return 0;
    case "demo":
        return await DemoCommand.RunAsync(args[1..], Console.Out, Console.Error, terminal: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("CI") is not "true");
    case { } move when UpkeepCommand.Names.Contains(move):
#pragma warning disable RS0030 // As below: the real clock is named in this file alone.
        return await UpkeepCommand.RunAsync(move, args[1..], SystemClock.Instance, Console.Out, Console.Error);
#pragma warning restore RS0030
    case { } command when !command.StartsWith('-'):
        await Console.Error.WriteLineAsync($"There is no command '{command}'.\n\n{Greeting.Help}");
        return 2;
}
if (Settings.Unknown(args) is { } unknown)
{
    await Console.Error.WriteLineAsync($"There is no setting '{unknown}'.\n\n{Greeting.Help}");
    return 2;
}

try
{
    var builder = WebApplication.CreateBuilder(args);
#pragma warning disable RS0030 // The one place that names the real clock.
    builder.AddBilling(SystemClock.Instance);
#pragma warning restore RS0030

    var app = builder.Build();
    app.UseBilling();
    app.MapBilling();
    var newKey = await app.PrepareAsync(CancellationToken.None);
    app.Lifetime.ApplicationStarted.Register(() =>
    {
        app.Services.GetRequiredService<StartUp>().Done = true;
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses;
        Console.WriteLine(Greeting.Text(
            addresses?.FirstOrDefault() ?? Wiring.DefaultAddress,
            newKey,
            app.Services.GetRequiredService<FirstKey>().File,
            app.Services.GetRequiredService<Settings>()));
    });
    await app.RunAsync();
    return 0;
}
catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException or FormatException or DbException)
{
    // What keeps a server from starting is nearly always its surroundings: say what, and where it is set.
    var reason = fault is ArgumentOutOfRangeException { ParamName: "port" } ? "the port of the address is a number from 0 to 65535." : fault.Message;
    await Console.Error.WriteLineAsync($"Billing could not start: {reason}\nThe data folder is BILLING_DATA, the address --urls or ASPNETCORE_URLS; --help lists all settings.");
    return 2;
}
