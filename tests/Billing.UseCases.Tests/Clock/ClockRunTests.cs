using System.Globalization;
using Billing.UseCases.Clock;
using NodaTime;
using Xunit;

namespace Billing.UseCases.Tests.Clock;

public sealed class ClockRunTests
{
    private readonly List<string> steps = [];
    private readonly SortedSet<int> dues = [];
    private Instant now = Hour(0);

    /// <summary>What a run of due work does besides removing what is due; it gets the hour.</summary>
    private Action<int> work = _ => { };

    [Fact]
    public async Task Each_due_on_the_way_is_done_at_its_own_time_and_in_order()
    {
        dues.UnionWith([5, 2, 20]);
        await MoveToAsync(9);
        Assert.Equal(["drain 0", "set 2", "drain 2", "run 2: 2", "set 5", "drain 5", "run 5: 5", "set 9", "drain 9", "run 9:"], steps);
        Assert.Equal([20], dues);
    }

    [Fact]
    public async Task A_due_at_the_target_is_done_and_one_after_it_is_not()
    {
        dues.UnionWith([9, 10]);
        await MoveToAsync(9);
        Assert.Equal(["drain 0", "set 9", "drain 9", "run 9: 9", "drain 9", "run 9:"], steps);
    }

    [Fact]
    public async Task A_due_in_the_past_is_done_now_and_the_clock_does_not_go_back()
    {
        now = Hour(6);
        dues.UnionWith([1, 3]);
        await MoveToAsync(8);
        Assert.Equal(["drain 6", "drain 6", "run 6: 1,3", "set 8", "drain 8", "run 8:"], steps);
    }

    [Fact]
    public async Task Work_that_makes_work_on_the_way_has_it_done_in_time()
    {
        dues.Add(2);
        work = hour => { if (hour == 2) dues.UnionWith([4, 30]); };
        await MoveToAsync(9);
        Assert.Equal(["drain 0", "set 2", "drain 2", "run 2: 2", "set 4", "drain 4", "run 4: 4", "set 9", "drain 9", "run 9:"], steps);
        Assert.Equal([30], dues);
    }

    [Fact]
    public async Task Work_that_the_last_drain_makes_is_done_before_the_answer()
    {
        var made = false;
        work = hour =>
        {
            if (hour != 9 || made) return;
            made = true;
            dues.Add(7);
        };
        await MoveToAsync(9);
        Assert.Equal(["drain 0", "set 9", "drain 9", "run 9:", "drain 9", "run 9: 7"], steps);
        Assert.Empty(dues);
    }

    [Fact]
    public async Task The_same_target_again_drains_and_leaves_the_clock_alone()
    {
        now = Hour(9);
        await MoveToAsync(9);
        Assert.Equal(["drain 9", "drain 9", "run 9:"], steps);
    }

    [Fact]
    public async Task Moving_back_throws_before_anything_is_done()
    {
        now = Hour(9);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => MoveToAsync(8));
        Assert.Empty(steps);
    }

    [Fact]
    public async Task Work_that_never_gets_done_throws_instead_of_running_for_ever()
    {
        var stuck = new DueWork(_ => Task.CompletedTask, _ => Task.FromResult<Instant?>(Hour(3)), _ => Task.CompletedTask);
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            ClockRun.ToAsync(stuck, () => now, SetAsync, Hour(9), CancellationToken.None));
        Assert.Contains("1970-01-01T03:00:00Z is still due after 10000 runs", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_was_stopped_goes_on_with_the_same_call()
    {
        dues.UnionWith([2, 5]);
        using var stop = new CancellationTokenSource();
        work = hour => { if (hour == 2) stop.Cancel(); };
        await Assert.ThrowsAsync<OperationCanceledException>(() => MoveToAsync(9, stop.Token));
        Assert.Equal(Hour(2), now);
        steps.Clear();
        await MoveToAsync(9);
        Assert.Equal(["drain 2", "set 5", "drain 5", "run 5: 5", "set 9", "drain 9", "run 9:"], steps);
    }

    private static Instant Hour(int hour) => Instant.FromUnixTimeSeconds(hour * 3600L);

    private int NowHour => (int)(now.ToUnixTimeSeconds() / 3600);

    private Task MoveToAsync(int hour, CancellationToken stop = default) => ClockRun.ToAsync(
        new DueWork(
            _ =>
            {
                steps.Add($"drain {NowHour}");
                return Task.CompletedTask;
            },
            _ => Task.FromResult<Instant?>(dues.Count == 0 ? null : Hour(dues.Min)),
            _ =>
            {
                var done = dues.Where(d => d <= NowHour).ToList();
                dues.ExceptWith(done);
                steps.Add($"run {NowHour}: {string.Join(',', done.Select(d => d.ToString(CultureInfo.InvariantCulture)))}".TrimEnd());
                work(NowHour);
                return Task.CompletedTask;
            }),
        () => now,
        SetAsync,
        Hour(hour),
        stop);

    private Task SetAsync(Instant instant, CancellationToken stop)
    {
        now = instant;
        steps.Add($"set {NowHour}");
        return Task.CompletedTask;
    }
}
