"""The HTTP API before the function: who is let in, how often, and who is told what they asked for."""

import json

from aws_cdk import Acknowledgment, ArnFormat, Duration, RemovalPolicy, Stack, Validations
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.naming import Names
from infrastructure.settings import Api as ApiSettings

METHODS = [
    apigateway.HttpMethod.GET,
    apigateway.HttpMethod.POST,
    apigateway.HttpMethod.PUT,
    apigateway.HttpMethod.PATCH,
    apigateway.HttpMethod.DELETE,
]
"""What the function answers, be it with 405 and what to use instead. Not ANY, which is OPTIONS, too: a browser's
preflight would be asked for a token, which it cannot carry."""

OPEN_ROUTE = "/health"
WHY_OPEN = (
    "A load balancer's or a monitor's probe carries no token, and the answer names no view. Everything else, the "
    "OpenAPI document too, says what there is, and is for callers who are known."
)
HEALTH_REQUESTS_PER_SECOND, HEALTH_BURST = 5, 10

ACCESS_LOG = {
    "requestId": "$context.requestId",
    "requestTime": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "subject": "$context.authorizer.claims.sub",
    "principal": "$context.identity.userArn",
    "latency_ms": "$context.responseLatency",
    "response_bytes": "$context.responseLength",
    "error": "$context.error.message",
    "authorizer_error": "$context.authorizer.error",
}
"""Who asked for what, and what became of it. No query strings, which may hold personal data; no token."""


class Front(Construct):
    """HTTP API, authorizer, routes, stage, access log."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: ApiSettings,
        names: Names,
        function: lambda_.IFunction,
        retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        self._http = apigateway.HttpApi(
            self,
            "Http",
            api_name=names.api,
            description=f"Views of {names.service}: reads, health, refresh on demand",
            create_default_stage=False,
            default_authorizer=self._authorizer(),
            cors_preflight=_cors(settings) if settings.cors_origins else None,
        )
        health = self._add_routes(function)
        access = logs.LogGroup(
            self,
            "AccessLogs",
            log_group_name=names.api_access_log_group,
            retention=retention,
            removal_policy=removal_policy,
        )
        self.stage = self._add_stage(names)
        # A stage that speaks of a route, or writes to a log group, that is not there yet is refused.
        self.stage.node.add_dependency(health, access)

    @property
    def url(self) -> str:
        """Without a slash at its end: every route begins with one."""
        return self._http.api_endpoint

    def _authorizer(self) -> apigateway.IHttpRouteAuthorizer:
        if self._settings.authorizer == "iam":
            return authorizers.HttpIamAuthorizer()
        return authorizers.HttpJwtAuthorizer(
            "Tokens", str(self._settings.issuer), jwt_audience=list(self._settings.audience)
        )

    def _add_routes(self, function: lambda_.IFunction) -> apigateway.HttpRoute:
        """Everything by the authorizer, but for one route, which is returned."""
        integration = integrations.HttpLambdaIntegration(
            "Function",
            function,
            scope_permission_to_route=False,
            timeout=Duration.seconds(self._settings.timeout_s),
        )
        self._http.add_routes(path="/{proxy+}", methods=METHODS, integration=integration)
        (health,) = self._http.add_routes(
            path=OPEN_ROUTE,
            methods=[apigateway.HttpMethod.GET],
            integration=integration,
            authorizer=apigateway.HttpNoneAuthorizer(),
        )
        Validations.of(health).acknowledge(Acknowledgment(id="AwsSolutions-APIG4", reason=WHY_OPEN))
        return health

    def _add_stage(self, names: Names) -> apigateway.HttpStage:
        rate, burst = self._settings.requests_per_second, self._settings.burst
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self._http,
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=rate, burst_limit=burst),
        )
        resource = stage.node.default_child
        if not isinstance(resource, apigateway.CfnStage):
            msg = "a stage is made of a CfnStage"
            raise TypeError(msg)
        resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            # Not the group's own attribute, which ends in a ":*" that is no part of the name here.
            destination_arn=Stack.of(self).format_arn(
                service="logs",
                resource="log-group",
                resource_name=names.api_access_log_group,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            format=json.dumps(ACCESS_LOG),
        )
        # Nobody unknown shall use up what the known ones may.
        resource.route_settings = {
            f"GET {OPEN_ROUTE}": {
                "ThrottlingRateLimit": min(HEALTH_REQUESTS_PER_SECOND, rate),
                "ThrottlingBurstLimit": min(HEALTH_BURST, burst),
            }
        }
        return stage


def _cors(settings: ApiSettings) -> apigateway.CorsPreflightOptions:
    """Preflights are answered by API Gateway itself: no route is asked."""
    return apigateway.CorsPreflightOptions(
        allow_origins=list(settings.cors_origins),
        allow_methods=[
            apigateway.CorsHttpMethod.GET,
            apigateway.CorsHttpMethod.POST,
            apigateway.CorsHttpMethod.PUT,
        ],
        allow_headers=["authorization", "content-type", "if-none-match", "x-amz-date", "x-amz-security-token"],
        expose_headers=["age", "etag", "location", "retry-after", "x-request-id"],
        max_age=Duration.hours(1),
    )
