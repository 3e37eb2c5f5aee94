using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Billing.UseCases.Access;
using Billing.UseCases.Clock;
using NodaTime;

namespace Billing.Functions.Api;

/// <summary>Sets the clock and empties the store: for tests and trials, only with BILLING_TEST_CLOCK=1. Admin only.</summary>
public static class TestClockApi
{
    // One move at a time: two at once would run due work at each other's time.
    private static readonly KeyedTurns Turns = new();

    public static void Map(IEndpointRouteBuilder app)
    {
        var clock = app.MapGroup("/v1/test").Needs(Scope.Admin).WithTags("Test clock");
        clock.MapPost("/clock", MoveAsync).WithName("moveTestClock");
        clock.MapPost("/reset", ResetAsync).WithName("resetTestClock");
    }

    /// <summary>Moves the clock forward. Before it answers, all accepted events are counted and everything due on the way is done, in order.</summary>
    internal static async Task<Answer<Data<ClockTime>>> MoveAsync(ClockTime body, BillingClock clock, BackgroundWork work, CancellationToken stop)
    {
        using var turn = await Turns.EnterAsync("", stop);
        var now = clock.GetCurrentInstant();
        if (body.Now < now)
        {
            return Answers.Of<ClockTime>(new Refusal(
                "clock_goes_forward", $"The clock stands at {now} and only goes forward; POST /v1/test/reset starts anew at any time.", "/now", RefusalKind.Conflict));
        }
        await ClockRun.ToAsync(work.Due, clock.GetCurrentInstant, clock.SetAsync, body.Now, stop);
        return Answers.Of<ClockTime>(new ClockTime(clock.GetCurrentInstant()));
    }

    /// <summary>Empties the store, but for API keys, and sets the clock.</summary>
    internal static async Task<Answer<Data<ClockTime>>> ResetAsync(ClockTime body, BillingClock clock, BackgroundWork work, CancellationToken stop)
    {
        using var turn = await Turns.EnterAsync("", stop);
        await work.Due.Drain(stop);
        await work.EmptyStores(body.Now, stop);
        await clock.SetAsync(body.Now, stop);
        return Answers.Of<ClockTime>(new ClockTime(clock.GetCurrentInstant()));
    }

    /// <summary>The clock's time.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    internal sealed record ClockTime(Instant Now);
}
