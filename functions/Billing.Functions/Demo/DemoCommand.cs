using Billing.Functions.Demo.Selling;
using Billing.Functions.Demo.Traffic;
using Billing.UseCases.Clock;
using Billing.UseCases.Contracts;
using Billing.UseCases.Documents;
using NodaTime;
using Spectre.Console;

namespace Billing.Functions.Demo;

/// <summary>The command <c>demo</c>: the real pipeline, from event to invoice, on traffic of its own or from files.</summary>
public static class DemoCommand
{
    private const int Failed = 1;
    private const int BadInput = 2;
    private const int GivenUp = 130;

    /// <summary>Runs the command.</summary>
    /// <param name="args">What came after <c>demo</c>.</param>
    /// <param name="output">Takes the report.</param>
    /// <param name="errors">Takes what is wrong with the input.</param>
    /// <param name="terminal">True when somebody watches: bars and colours.</param>
    /// <returns>0; 1 when a check found a difference; 2 for bad input; 130 when it was stopped.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter errors, bool terminal)
    {
        var (options, wrong) = DemoOptions.Read(args);
        if (options is null)
        {
            await errors.WriteLineAsync($"{wrong}\n\n{DemoOptions.HelpText}");
            return BadInput;
        }
        if (options.Help)
        {
            await output.WriteLineAsync(DemoOptions.HelpText);
            return 0;
        }
        if (options.DataFolder is { } wanted && (File.Exists(wanted) || (Directory.Exists(wanted) && Directory.EnumerateFileSystemEntries(wanted).Any())))
        {
            await errors.WriteLineAsync($"--data: {wanted} is not empty. Name a new folder: the demo starts from nothing.");
            return BadInput;
        }
        var folder = options.DataFolder is null ? Directory.CreateTempSubdirectory("billing-demo-").FullName : Path.GetFullPath(options.DataFolder);
        try
        {
            return await RunAsync(options, folder, Console(output, options.Plain || !terminal), options.Plain || !terminal);
        }
        catch (BadTrafficException bad)
        {
            await errors.WriteLineAsync(bad.Message);
            return BadInput;
        }
        catch (OperationCanceledException)
        {
            await errors.WriteLineAsync("Stopped.");
            return GivenUp;
        }
        finally
        {
            if (options.DataFolder is null) Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(DemoOptions options, string folder, IAnsiConsole console, bool plain)
    {
        var fromFiles = options.Files.Count > 0;
        var traffic = fromFiles
            ? CsvTraffic.Read(options.Files, options.Customers ?? 20)
            : MadeTraffic.Make(options.Seed, options.Customers ?? 300, options.EventsCount ?? 300_000);
        var byHand = Tallies.ByHand(traffic);
        var plan = DeliveryPlan.Of(traffic, options.Seed);
        var heldBack = Deals.HeldBack(traffic);
        console.WriteLine(fromFiles
            ? $"{traffic.Requests.Count:N0} requests from {options.Files.Count:N0} {(options.Files.Count == 1 ? "file" : "files")}, spread over {traffic.Customers.Count:N0} customers."
            : $"A month of an AI company: {traffic.Requests.Count:N0} requests of {traffic.Customers.Count:N0} customers, {MadeTraffic.Models.Count} models × {MadeTraffic.Regions.Count} regions × 3 kinds of tokens (seed {options.Seed}).");
        console.WriteLine($"Sent out of order, {plan.Late:N0} an hour to three days late, {plan.Repeated:N0} twice: as networks do; {heldBack.Count:N0} after their invoice was final.");
        console.WriteLine();

        await using var host = await DemoHost.StartAsync(folder, traffic.Months[0], CancellationToken.None);
        var stop = host.Stopping;
        var steps = new Steps(console, plain);
        var company = await steps.RunAsync("Customers", traffic.Customers.Count, null, step => Company.OpenAsync(host, traffic, options.Seed, n => step.Reach(n), stop));
        await IngestAsync(host, traffic, plan.Only(heldBack, others: true), steps, stop);
        await CloseAsync(host, company, traffic, plan.Only(heldBack, others: false), steps, stop);
        var findings = await steps.RunAsync("Reading", traffic.Customers.Count, null, step => Findings.ReadAsync(host, company, traffic, n => step.Reach(n), stop));

        var report = new Report(console, traffic);
        report.Ingest(findings.Ingest);
        report.Usage(findings.Usage, findings.TokensOfAll);
        report.Invoices(findings.Invoices);
        new Why(console, traffic).Show(findings.Invoices);
        report.Balances(findings.Balances);
        var bills = ByHand.Bills(traffic, heldBack, host.BillingClock.GetCurrentInstant());
        Check[] checks =
        [
            Check.OfIngest(findings.Ingest, traffic, plan),
            Check.OfUsage(byHand, findings.Usage),
            Check.OfAll(byHand, traffic.Customers.Count, findings.TokensOfAll),
            Check.OfInvoices(bills, traffic, findings.Invoices),
            Check.OfBalances(bills, traffic, findings.Balances),
        ];
        report.Checks(checks);
        if (options.DataFolder is not null) SayHowToLook(console, folder, host.BillingClock.GetCurrentInstant());
        return checks.All(c => c.Equal) ? 0 : Failed;
    }

    private static Task<bool> IngestAsync(DemoHost host, TrafficPlan traffic, DeliveryPlan plan, Steps steps, CancellationToken stop)
    {
        var accepted = new Step("Accepted", plan.InOrder.Count, "events");
        var counted = new Step("Counted", plan.InOrder.Count, "events");
        return steps.RunAsync([accepted, counted], async () =>
        {
            // Off this thread, which draws.
            var sending = Task.Run(() => Ingest.SendAsync(host, traffic, plan, n => accepted.Reach(n), stop), stop);
            await Ingest.CountAsync(host, sending, n => counted.Reach(n), stop);
            return true;
        });
    }

    /// <summary>Lets the time pass to the end of the last month and its grace, then of the month that bills what came late, doing what falls due on the way.</summary>
    private static async Task CloseAsync(DemoHost host, Company company, TrafficPlan traffic, DeliveryPlan late, Steps steps, CancellationToken stop)
    {
        var clock = host.BillingClock;
        var from = clock.GetCurrentInstant();
        var grace = (await host.Get<SettingsStore>().GetAsync(stop)).Grace;
        var to = Deals.Month(traffic, traffic.Months.Count) + grace;
        await steps.RunAsync("Invoices", (long)(to - from).TotalHours, null, step => Task.Run(
            async () =>
            {
                await RunAsync(Instant.Max(from, traffic.Months[^1] + grace));
                for (var n = 0; n < company.Customers.Count; n++)
                    if (Deals.PlanOf(n) == Plan.Wallet) await company.Sell.TopUpAsync(company.Customers[n], IdSource.DerivedFrom($"demo/top-up/{n}"), stop);
                await RunAsync(clock.GetCurrentInstant() + Deals.LateBy);
                await Ingest.SendAsync(host, traffic, late, _ => { }, stop);
                await RunAsync(to);
                return true;

                Task RunAsync(Instant until) => ClockRun.ToAsync(host.Work, clock.GetCurrentInstant, MoveAsync, until, stop);

                async Task MoveAsync(Instant now, CancellationToken token)
                {
                    await clock.SetAsync(now, token);
                    // The last hour is done when its work is.
                    step.Reach(Math.Min((long)(now - from).TotalHours, step.Total - 1));
                }
            },
            stop));
    }

    private static void SayHowToLook(IAnsiConsole console, string folder, Instant now)
    {
        console.WriteLine();
        console.WriteLine("The store is kept. To look at it with the server:");
        console.WriteLine($"  BILLING_DATA='{folder}' BILLING_TEST_CLOCK=1 dotnet run --project functions/Billing.Functions");
        console.WriteLine($"Its clock stands at {now}; POST /v1/test/clock moves it on.");
    }

    private static IAnsiConsole Console(TextWriter output, bool plain)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = plain ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = plain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = plain ? InteractionSupport.No : InteractionSupport.Detect,
        });
        // A pipe has no width: lines as long as the tables need, never broken.
        if (plain) console.Profile.Width = 200;
        return console;
    }
}
