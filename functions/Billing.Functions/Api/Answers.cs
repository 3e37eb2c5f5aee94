using System.Reflection;
using System.Text.Json.Serialization;
using Billing.Domain.Values;
using Billing.Functions.Hosting;
using Billing.Functions.Hosting.Access;
using Microsoft.AspNetCore.Http.Metadata;

namespace Billing.Functions.Api;

/// <summary>The envelope of an answer with one thing in it: <c>{"data": …}</c>.</summary>
public sealed record Data<T>([property: JsonPropertyName("data")] T Content) : IEnvelope
    where T : notnull
{
    object IEnvelope.Inside => Content;
}

/// <summary>An envelope, whatever is in it.</summary>
public interface IEnvelope
{
    object Inside { get; }
}

/// <summary>What a request that changes something answers with: the audit log takes the id from it.</summary>
public interface INamed
{
    string Id { get; }
}

/// <summary>The envelope of a page of a list.</summary>
/// <param name="Data">In order.</param>
/// <param name="NextPage">Send it back as <c>next_page</c> to go on; null after the last.</param>
public sealed record Listing<T>(IReadOnlyList<T> Data, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? NextPage)
    where T : notnull;

/// <summary>A 200 with a JSON body, or the refusal; the API description knows the body's type from it.</summary>
public sealed class Answer<TBody> : IResult, IEndpointMetadataProvider
{
    private readonly Outcome<TBody> outcome;

    internal Answer(Outcome<TBody> outcome) => this.outcome = outcome;

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TBody), ["application/json"]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (!outcome.Is(out var body, out var refusal)) return Problems.WriteAsync(httpContext, refusal);
        if (body is IEnvelope { Inside: INamed { Id: var id } }) httpContext.Features.Set(new ChangedResource(id));
        return httpContext.Response.WriteAsJsonAsync(body, JsonRules.Options, "application/json", httpContext.RequestAborted);
    }
}

/// <summary>A 200 without body, or the refusal.</summary>
public sealed class EmptyAnswer : IResult, IEndpointMetadataProvider
{
    private readonly Refusal? refusal;

    internal EmptyAnswer(Refusal? refusal) => this.refusal = refusal;

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(void), []));

    public Task ExecuteAsync(HttpContext httpContext) =>
        refusal is null ? Task.CompletedTask : Problems.WriteAsync(httpContext, refusal);
}

/// <summary>Turns what a use case says into what an endpoint answers.</summary>
public static class Answers
{
    /// <summary><c>{"data": value}</c>, or the refusal.</summary>
    public static Answer<Data<T>> Of<T>(Outcome<T> outcome)
        where T : notnull =>
        new(outcome.Then(value => new Data<T>(value)));

    /// <summary><c>{"data": …}</c> of what the value is shown as, or the refusal.</summary>
    public static Answer<Data<TShown>> Of<T, TShown>(Outcome<T> outcome, Func<T, TShown> show)
        where TShown : notnull =>
        new(outcome.Then(value => new Data<TShown>(show(value))));

    /// <summary>The body as it is, or the refusal.</summary>
    public static Answer<TBody> Bare<TBody>(Outcome<TBody> outcome) => new(outcome);

    /// <summary>A page of a list, or the refusal.</summary>
    public static Answer<Listing<T>> List<T>(Outcome<Listing<T>> outcome)
        where T : notnull =>
        new(outcome);

    /// <summary>200 and nothing else, or the refusal.</summary>
    public static EmptyAnswer Empty<T>(Outcome<T> outcome) => new(outcome.Refusal);

    private static Outcome<TTo> Then<TFrom, TTo>(this Outcome<TFrom> outcome, Func<TFrom, TTo> next) =>
        outcome.Is(out var value, out var refusal) ? next(value) : refusal;
}
