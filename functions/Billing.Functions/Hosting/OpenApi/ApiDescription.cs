using Billing.Functions.Hosting.Access;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Billing.Functions.Hosting.OpenApi;

/// <summary>The API's description at /openapi/v1.json: keys, operation ids and problems; <see cref="ValueSchemas"/> and <see cref="AnswerSchemas"/> describe the bodies.</summary>
public static class ApiDescription
{
    private const string Bearer = "bearer";
    private const string ProblemType = "application/problem+json";

    public static void AddApiDescription(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            options.CreateSchemaReferenceId = AnswerSchemas.NameOf;
            options.AddSchemaTransformer(ValueSchemas.DescribeAsync);
            options.AddDocumentTransformer(Head);
            options.AddOperationTransformer(OperationAsync);
            options.AddDocumentTransformer(AnswerSchemas.DescribeAsync);
        });

    private static Task Head(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken stop)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Billing",
            Version = "v1",
            Description = "Usage-based billing: meters, contracts, credits, invoices. Amounts are exact decimals; times are RFC 3339. Words of enums are taken in any case.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key with the scope that the operation names.",
        };
        return Task.CompletedTask;
    }

    private static async Task OperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken stop)
    {
        operation.OperationId ??= Id(context.Description.HttpMethod!, context.Description.RelativePath!);
        var problem = await context.GetOrCreateSchemaAsync(typeof(Problem), null, stop);
        context.Document!.AddComponent(nameof(Problem), problem);
        var access = context.Description.ActionDescriptor.EndpointMetadata.OfType<EndpointAccess>().LastOrDefault();
        if (operation.RequestBody is not null || operation.Parameters is { Count: > 0 })
            AddProblem(operation, context.Document, "400", "The request is wrong; detail says how.");
        if (access?.Needed is { } scope)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
            var needs = $"Needs the scope `{scope.ToString().ToLowerInvariant()}`.";
            operation.Description = operation.Description is { Length: > 0 } text ? $"{text}\n\n{needs}" : needs;
            AddProblem(operation, context.Document, "401", "No API key, or one that opens nothing.");
            AddProblem(operation, context.Document, "403", "The API key lacks the scope.");
            AddProblem(operation, context.Document, "404", "Nothing there has this id.");
        }
        if (operation.RequestBody is not null)
        {
            AddProblem(operation, context.Document, "413", "The body is too large.");
            AddProblem(operation, context.Document, "415", "The body is not JSON, or in an encoding that is not taken.");
        }
        if (context.Description.HttpMethod is not "GET") AddProblem(operation, context.Document, "409", "It contradicts what is stored; the same request again will too.");
        AddProblem(operation, context.Document, "default", "Any other refusal or fault: 501 for what is not offered, 503 when a moment helps, 500 with the id under which it was logged.");
        foreach (var (type, content) in operation.Responses!.Values.SelectMany(r => r.Content ?? new Dictionary<string, OpenApiMediaType>()))
            if (type == "text/csv") content.Schema = new OpenApiSchema { Type = JsonSchemaType.String };
    }

    private static void AddProblem(OpenApiOperation operation, OpenApiDocument document, string status, string description)
    {
        operation.Responses ??= [];
        operation.Responses.TryAdd(status, new OpenApiResponse
        {
            Description = description,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ProblemType] = new() { Schema = new OpenApiSchemaReference(nameof(Problem), document) },
            },
        });
    }

    /// <summary>The id of an operation that was given no name: its method and path in camelCase.</summary>
    private static string Id(string method, string path) =>
        method.ToLowerInvariant() + string.Concat(path
            .Split(['/', '-', '_', '.', '{', '}', ':'], StringSplitOptions.RemoveEmptyEntries)
            .Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}
