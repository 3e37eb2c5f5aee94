using FsCheck;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using Xunit;

namespace Billing.Domain.Tests.Oracle;

/// <summary>Fails with the shrunken world as a page, and what differs; not with the world that was found first.</summary>
internal sealed class PageRunner(Func<World, string?> difference) : IRunner
{
    public void OnStartFixture(Type t)
    {
    }

    public void OnArguments(int ntest, FSharpList<object> args, FSharpFunc<int, FSharpFunc<FSharpList<object>, string>> every)
    {
    }

    public void OnShrink(FSharpList<object> args, FSharpFunc<FSharpList<object>, string> everyShrink)
    {
    }

    public void OnFinished(string name, TestResult result)
    {
        if (result is not TestResult.Failed failed) return;
        var world = (World)failed.Item3[0];
        Assert.Fail($"Case {failed.Item1.NumberOfTests}, seed {failed.Item5}:\n\n{world}\n\n{difference(world)}");
    }
}
