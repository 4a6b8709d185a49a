package aws_test

import (
	"fmt"
	"slices"
	"strings"
)

// reached lists the services that the functions call in a private network, with what their endpoint lets through.
func reached() []string {
	return []string{"s3", "dynamodb", "sqs", "secretsmanager", "lambda", "logs", "sts"}
}

func networkRules() []rule {
	return []rule{
		{
			name: "with a private network the functions run in it, else in none",
			check: func(s stamp) []string {
				return s.each(functions, func(_ string, r resource) string {
					var want any
					if s.private() {
						want = map[string]any{"SubnetIds": []string{"SubnetA", "SubnetB"}, "SecurityGroupIds": []string{"FunctionsGroup"}}
					}
					if got := r.at("Properties.VpcConfig"); !same(want, got) {
						return fmt.Sprint(got)
					}
					return ""
				})
			},
			broken: func(s stamp) { s.set("OcrFunction", "VpcConfig", map[string]any{"SubnetIds": []any{"subnet-other"}}) },
		},
		{
			name: "the network has no way to the internet",
			check: func(s stamp) []string {
				var wrong []string
				for id, r := range s.resources {
					known := slices.Contains([]string{networks, subnets, routes, associations, groups, endpoints}, r.kind())
					if strings.HasPrefix(r.kind(), "AWS::EC2::") && (!known || !s.private()) {
						wrong = append(wrong, id+" is "+r.kind())
					}
				}
				return wrong
			},
			broken: func(s stamp) {
				s.resources["Way"] = resource{"Type": "AWS::EC2::InternetGateway", "Properties": map[string]any{"Tags": s.resources["Bucket"].at("Properties.Tags")}}
			},
		},
		{
			name: "the functions reach the services that they call, by endpoints for this stamp and account",
			check: func(s stamp) []string {
				var got, want []string
				for id, r := range s.of(endpoints) {
					service := strings.TrimPrefix(r.str("Properties.ServiceName"), "com.amazonaws."+s.region+".")
					got = append(got, service)
					gateway := service == "s3" || service == "dynamodb"
					st := r.at("Properties.PolicyDocument.Statement.0")
					scoped := map[string]any{"Effect": "Allow", "Principal": "*", "Action": service + ":*"}
					switch service {
					case "s3":
						scoped["Resource"] = []string{s.bucketARN(), s.bucketARN() + "/*"}
					case "dynamodb":
						scoped["Resource"] = "arn:aws:dynamodb:" + s.region + ":" + account + ":table/lethe-" + s.region + "-*"
					case "sts": // asking who one is has no resource
						scoped["Action"], scoped["Resource"] = "sts:GetCallerIdentity", "*"
					default:
						scoped["Resource"], scoped["Condition"] = "*", map[string]any{"StringEquals": map[string]any{"aws:ResourceAccount": account}}
					}
					joined := same([]string{"Routes"}, r.at("Properties.RouteTableIds")) && r.str("Properties.VpcEndpointType") == "Gateway"
					if !gateway {
						joined = same([]string{"SubnetA", "SubnetB"}, r.at("Properties.SubnetIds")) && same([]string{"EndpointsGroup"}, r.at("Properties.SecurityGroupIds")) &&
							r.at("Properties.PrivateDnsEnabled") == true && r.str("Properties.VpcEndpointType") == "Interface"
					}
					if !joined || !same(scoped, st) {
						return []string{id + " " + fmt.Sprint(r)}
					}
				}
				if s.private() {
					want = reached()
				}
				return differ("endpoints", got, want)
			},
			broken: func(s stamp) { delete(s.resources, "QueuesEndpoint") },
		},
		{
			name: "nothing connects to the functions, and the network alone to its endpoints",
			check: func(s stamp) []string {
				return s.each(groups, func(id string, r resource) string {
					for i := range r.list("Properties.SecurityGroupIngress") {
						if r.str(fmt.Sprintf("Properties.SecurityGroupIngress.%d.CidrIp", i)) != s.resources["Network"].str("Properties.CidrBlock") || id != "EndpointsGroup" {
							return fmt.Sprint(r.at("Properties.SecurityGroupIngress"))
						}
					}
					for _, list := range []string{"SecurityGroupIngress", "SecurityGroupEgress"} {
						for i := range r.list("Properties." + list) {
							if at := fmt.Sprintf("Properties.%s.%d.", list, i); r.at(at+"FromPort") != 443.0 || r.at(at+"ToPort") != 443.0 {
								return "another port than that of TLS"
							}
						}
					}
					return ""
				})
			},
			broken: func(s stamp) {
				if s.private() {
					s.set("EndpointsGroup", "SecurityGroupIngress.0.CidrIp", "0.0.0.0/0")
				}
			},
		},
		{
			name: "both subnets lie in zones of their own and use the routes to the gateway endpoints",
			check: func(s stamp) []string {
				var zones, got []string
				for _, r := range s.of(subnets) {
					zones = append(zones, r.str("Properties.AvailabilityZone")+" "+r.str("Properties.CidrBlock"))
				}
				for _, r := range s.of(associations) {
					got = append(got, r.str("Properties.SubnetId")+" "+r.str("Properties.RouteTableId"))
				}
				if !s.private() {
					return differ("subnets", append(zones, got...), nil)
				}
				return append(differ("subnets", zones, []string{s.region + "a 10.90.0.0/25", s.region + "b 10.90.0.128/25"}),
					differ("routes", got, []string{"SubnetA Routes", "SubnetB Routes"})...)
			},
			broken: func(s stamp) { s.set("SubnetB", "AvailabilityZone", s.region+"a") },
		},
	}
}
