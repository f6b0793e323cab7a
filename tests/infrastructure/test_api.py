"""The front of the API: who is let in, how often, and what is kept of it."""

import json
from typing import Any

import pytest

from tests.infrastructure.template import Resource, Template, api_of, services


def http_api(template: Template, service: str) -> Resource:
    return template.one("AWS::ApiGatewayV2::Api", Name=f"{service}-bi-api")


def routes(template: Template, service: str) -> dict[str, dict[str, Any]]:
    """Route key → properties."""
    of = {"Ref": http_api(template, service).id}
    return {
        route.properties["RouteKey"]: route.properties
        for route in template.resources("AWS::ApiGatewayV2::Route")
        if route.properties["ApiId"] == of
    }


def stage(template: Template, service: str) -> dict[str, Any]:
    found = template.one("AWS::ApiGatewayV2::Stage", ApiId={"Ref": http_api(template, service).id})
    return found.properties | {"DependsOn": template.json["Resources"][found.id].get("DependsOn", [])}


@pytest.mark.parametrize(("service", "kind"), [("production-fluxion", "JWT"), ("production-driver-matrix", "AWS_IAM")])
def test_every_route_but_health_lets_in_only_who_is_known(production: Template, service: str, kind: str) -> None:
    given = routes(production, service)
    assert given.pop("GET /health")["AuthorizationType"] == "NONE"
    assert set(given) == {f"{method} /{{proxy+}}" for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
    for route in given.values():
        assert route["AuthorizationType"] == kind
        authorizer = production.referred(route.get("AuthorizerId"))
        assert (authorizer is not None) == (kind == "JWT")


def test_no_route_catches_a_preflight_which_carries_no_token(production: Template) -> None:
    for service in services(production):
        keys = routes(production, service)
        assert [key for key in keys if key.split()[0] in ("ANY", "OPTIONS", "$default")] == []


def test_tokens_are_of_the_issuer_and_for_the_audience_that_the_settings_name(production: Template) -> None:
    (authorizer,) = production.resources("AWS::ApiGatewayV2::Authorizer")
    assert authorizer.properties["JwtConfiguration"] == {
        "Issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example12",
        "Audience": ["1example23456789"],
    }
    assert authorizer.properties["IdentitySource"] == ["$request.header.Authorization"]


def test_pages_of_named_origins_alone_may_call(production: Template) -> None:
    cors = http_api(production, "production-fluxion").properties["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://app.example.com"]
    assert cors["AllowMethods"] == ["GET", "POST", "PUT"]
    assert "*" not in cors["AllowHeaders"]
    assert "AllowCredentials" not in cors
    assert "CorsConfiguration" not in http_api(production, "production-driver-matrix").properties


def test_the_unknown_cannot_use_up_what_the_known_may(production: Template) -> None:
    for service in services(production):
        given = stage(production, service)
        assert given["DefaultRouteSettings"] == {"ThrottlingBurstLimit": 100, "ThrottlingRateLimit": 50}
        assert given["RouteSettings"] == {"GET /health": {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}}
        # API Gateway refuses settings of a route that is not there yet.
        health = next(
            route.id
            for route in production.resources("AWS::ApiGatewayV2::Route")
            if route.properties == routes(production, service)["GET /health"]
        )
        assert health in given["DependsOn"]


def test_requests_are_logged_without_query_strings_or_tokens(production: Template) -> None:
    for service in services(production):
        logging = stage(production, service)["AccessLogSettings"]
        name = f"/aws/vendedlogs/{service}-bi-api-access"
        group = production.one("AWS::Logs::LogGroup", LogGroupName=name)
        assert group.properties["RetentionInDays"] == 90
        assert production.resolve(logging["DestinationArn"]) == f"arn:aws:logs:us-east-1:123456789012:log-group:{name}"
        assert group.id in stage(production, service)["DependsOn"]
        kept = json.loads(logging["Format"])
        assert {"requestId", "subject", "principal", "path", "status", "latency_ms"} <= set(kept)
        assert not {"query", "header", "body", "token"} & {word for value in kept.values() for word in value.split(".")}


def test_every_route_leads_to_its_own_database_s_function(production: Template) -> None:
    for service in services(production):
        function = api_of(production, service)
        for route in routes(production, service).values():
            target = production.resolve(route["Target"])
            integration = production.json["Resources"][target.removeprefix("integrations/<").removesuffix(">")]
            assert integration["Properties"]["IntegrationUri"] == {"Fn::GetAtt": [function.id, "Arn"]}
            assert integration["Properties"]["PayloadFormatVersion"] == "2.0"
            assert integration["Properties"]["TimeoutInMillis"] == 29_000
        (permission,) = [
            permission.properties
            for permission in production.resources("AWS::Lambda::Permission")
            if permission.properties["FunctionName"] == {"Fn::GetAtt": [function.id, "Arn"]}
        ]
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert f":<{http_api(production, service).id}>/" in production.resolve(permission["SourceArn"])
