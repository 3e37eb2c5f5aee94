using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Billing.Functions.Hosting.OpenApi;

/// <summary>Describes what the parameters of an endpoint can't say.</summary>
internal static class OddShapes
{
    /// <summary>Describes that a batch is an array, a single event is none, and plain JSON may be either.</summary>
    public static Task OneOrManyAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken stop)
    {
        var content = operation.RequestBody!.Content!;
        var many = content["application/cloudevents-batch+json"].Schema!;
        content["application/cloudevents+json"].Schema = many.Items;
        content["application/json"].Schema = new OpenApiSchema { OneOf = [many.Items!, many] };
        return Task.CompletedTask;
    }

    /// <summary>Describes filterGroupBy[key]=value, which is no parameter of its own.</summary>
    public static Task FilterGroupByAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken stop)
    {
        operation.Parameters!.Add(new OpenApiParameter
        {
            Name = "filterGroupBy",
            In = ParameterLocation.Query,
            Style = ParameterStyle.DeepObject,
            Explode = true,
            Schema = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String } },
        });
        return Task.CompletedTask;
    }
}
