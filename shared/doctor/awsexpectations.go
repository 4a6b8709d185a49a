package doctor

import "fmt"

// The checks of a stamp on AWS.
const (
	StampRegion       Check = "stamp-region"
	StampEncryption   Check = "stamp-encryption"
	StampClock        Check = "stamp-clock"
	BucketVersioning  Check = "bucket-versioning"
	BucketLock        Check = "bucket-object-lock"
	BucketReplication Check = "bucket-replication"
	BucketLifecycle   Check = "bucket-lifecycle"
	BucketPublic      Check = "bucket-public-access"
	BucketOwner       Check = "bucket-ownership"
	BucketPolicy      Check = "bucket-policy"
	BucketCopies      Check = "bucket-copies"
	BucketEvents      Check = "bucket-events"
	BucketCORS        Check = "bucket-cors"

	Tables          Check = "tables"
	TableRecovery   Check = "table-recovery"
	TableBackups    Check = "table-backups"
	TableStreams    Check = "table-streams"
	TableExpiry     Check = "table-time-to-live"
	TableReplicas   Check = "table-replicas"
	TableIndexes    Check = "table-indexes"
	TablePolicy     Check = "table-policy"
	TableProtection Check = "table-protection"

	QueueDeadLetters Check = "queue-dead-letters"
	QueueRetention   Check = "queue-retention"
	QueuePolicy      Check = "queue-policy"

	FunctionCode        Check = "function-code"
	FunctionSettings    Check = "function-settings"
	FunctionConcurrency Check = "function-concurrency"
	FunctionURL         Check = "function-url"
	FunctionEvents      Check = "function-events"
	FunctionSignIn      Check = "function-sign-in"
	LogRetention        Check = "log-retention"
	LogForwards         Check = "log-forwards"

	RoleRights Check = "role-rights"
	RoleTrust  Check = "role-trust"
	Identity   Check = "identity"
)

// ofAWS is what a stamp on AWS is expected to be like. BUCKET, TABLE, QUEUE_URL, STACK and FUNCTION stand for its names; remedies are
// commands of the aws CLI, or parameters of the stack.
func ofAWS() []Expectation {
	expect := func(c Check, what, why, remedy, ask string) Expectation {
		return Expectation{Check: c, Subject: OfAWS, What: what, Why: why, Remedy: remedy, Ask: ask, Places: []Place{AWSAPI}}
	}
	s3 := func(about string) string { return fmt.Sprintf("aws s3api get-bucket-%s --bucket BUCKET", about) }
	table := func(query string) string {
		return "aws dynamodb describe-table --table-name TABLE --query Table." + query
	}
	queue := "aws sqs get-queue-attributes --queue-url QUEUE_URL --attribute-names All"
	function := func(about string) string { return fmt.Sprintf("aws lambda get-%s --function-name FUNCTION", about) }
	return []Expectation{
		expect(StampRegion, "settings, functions, tag and bucket name one region", "documents would be processed or kept elsewhere than promised",
			redeploy, s3("tagging")+"; "+s3("location")),
		expect(StampEncryption, "bucket, tables and queues are encrypted alike: with the key of LETHE_AWS_KEY, or with keys that the services keep",
			"what is not encrypted is readable on the disk; a part under another key stays readable when yours is disabled", "deploy with the parameter CustomerKey=true or false, as at the first deployment", s3("encryption")),
		expect(StampClock, "storage and program agree on the time within a minute", "documents would be deleted early or late",
			"synchronise the clock of the machine the program runs on", "compare `date -u` with the Date header of any answer of S3"),

		expect(BucketVersioning, "versioning was never enabled", "a delete turns the document into a previous version",
			"it cannot be taken back: aws s3api put-bucket-versioning --bucket BUCKET --versioning-configuration Status=Suspended, delete every version "+
				"(aws s3api list-object-versions), and move to a new stack", s3("versioning")),
		expect(BucketLock, "Object Lock is off", "erasing would fail until a date, or for ever", "it cannot be taken back: move to a new stack",
			"aws s3api get-object-lock-configuration --bucket BUCKET"),
		expect(BucketReplication, "there are no replication rules", "documents would be copied to another bucket, region or account",
			"aws s3api delete-bucket-replication --bucket BUCKET; erase what it has copied", s3("replication")),
		expect(BucketLifecycle, "a lifecycle rule for each container of documents, with the deadlines rounded up to days, none for the ledger, and unfinished uploads ended after a day",
			"with the program down, documents would be kept; a rule too early would delete them before their time", redeploy, s3("lifecycle-configuration")),
		expect(BucketPublic, "all four settings of the public access block are on", "one changed policy or access list would open documents to everybody",
			"aws s3api put-public-access-block --bucket BUCKET --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true",
			"aws s3api get-public-access-block --bucket BUCKET"),
		expect(BucketOwner, "access lists are off: BucketOwnerEnforced", "an object could be given to somebody else by its own list",
			"aws s3api put-bucket-ownership-controls --bucket BUCKET --ownership-controls Rules=[{ObjectOwnership=BucketOwnerEnforced}]", s3("ownership-controls")),
		expect(BucketPolicy, "the policy refuses plain HTTP and allows nobody anything", "documents could be read in transit, or by whom the policy allows",
			redeploy, s3("policy")),
		expect(BucketCopies, "no access point, inventory, analytics, metadata table, access log or website of the bucket", "they open it another way, or keep names of objects elsewhere, beyond their erasure",
			"remove what is named: aws s3control delete-access-point; aws s3api delete-bucket-inventory-configuration, delete-bucket-analytics-configuration, "+
				"delete-bucket-metadata-configuration, delete-bucket-website; aws s3api put-bucket-logging --bucket BUCKET --bucket-logging-status {}; then delete what it has written",
			"aws s3control list-access-points --account-id ACCOUNT --bucket BUCKET; aws s3api list-bucket-inventory-configurations --bucket BUCKET; "+s3("logging")),
		expect(BucketEvents, "events go to the queue of uploads alone", "others would learn names of documents, or nobody of an upload", redeploy, s3("notification-configuration")),
		expect(BucketCORS, corsWhat, corsWhy, "deploy with the parameter PageOrigin, being the address at which people open the page, or empty for none; and with PublicURL where that is not the function URL",
			s3("cors")+"; compare it with the settings LETHE_PAGE and LETHE_PUBLIC_URL: "+function("function-configuration")+" --query Environment"),

		expect(Tables, "every table is in the region, with its keys", "records could not be written, or lie elsewhere", redeploy, table("KeySchema")),
		expect(TableRecovery, "point-in-time recovery is off", "erased records can be restored for 35 days",
			"aws dynamodb update-continuous-backups --table-name TABLE --point-in-time-recovery-specification PointInTimeRecoveryEnabled=false",
			"aws dynamodb describe-continuous-backups --table-name TABLE"),
		expect(TableBackups, "there are no backups", "a backup keeps erased records", "aws dynamodb delete-backup --backup-arn ARN; end the plan that makes them (aws backup list-backup-plans)",
			"aws dynamodb list-backups --table-name TABLE --backup-type ALL"),
		expect(TableStreams, "no stream, no Kinesis stream and no Contributor Insights", "they keep records or their keys beyond erasure",
			"aws dynamodb update-table --table-name TABLE --stream-specification StreamEnabled=false; disable-kinesis-streaming-destination; "+
				"aws dynamodb update-contributor-insights --table-name TABLE --contributor-insights-action DISABLE",
			table("StreamSpecification")+"; aws dynamodb describe-kinesis-streaming-destination --table-name TABLE"),
		expect(TableExpiry, "time to live is off", "DynamoDB would delete records days late or before the program has erased what they stand for",
			"aws dynamodb update-time-to-live --table-name TABLE --time-to-live-specification Enabled=false,AttributeName=due", "aws dynamodb describe-time-to-live --table-name TABLE"),
		expect(TableReplicas, "no table is replicated", "records would be copied to another region", "aws dynamodb update-table --table-name TABLE --replica-updates Delete={RegionName=REGION}", table("Replicas")),
		expect(TableIndexes, "no table has a secondary index", "an index lags behind and shows erased records", "aws dynamodb update-table --table-name TABLE --global-secondary-index-updates Delete={IndexName=NAME}",
			table("GlobalSecondaryIndexes")),
		expect(TablePolicy, "no table has a policy of its own", "it would let in others than the functions", "aws dynamodb delete-resource-policy --resource-arn TABLE_ARN",
			"aws dynamodb get-resource-policy --resource-arn TABLE_ARN"),
		expect(TableProtection, "tables are protected against deletion", "without records only the lifecycle rules know what to erase", "deploy with the parameter Protection=true",
			table("DeletionProtectionEnabled")),

		expect(QueueDeadLetters, "all queues but poison give up to poison after 2 to 10 attempts, poison to nobody", "a document that crashes the function would be tried for ever, or forgotten without a word",
			redeploy, queue),
		expect(QueueRetention, "messages are kept no longer than documents, and longer than an attempt takes", "names of documents would outlive them, or work get lost",
			"aws sqs set-queue-attributes --queue-url QUEUE_URL --attributes MessageRetentionPeriod=SECONDS", queue),
		expect(QueuePolicy, "the policies refuse plain HTTP, and admit nobody but the bucket to the queue of uploads", "others could read names or have documents tried",
			redeploy, queue),

		expect(FunctionCode, "functions run this program: provided.al2023, x86_64, a zip, their own handler and role, no layers, no file system, no snapshots, no tracing", "other code in the function sees every document, and a file system or a snapshot of memory keeps it",
			redeploy, function("function-configuration")),
		expect(FunctionSettings, "functions have the settings of this stamp, alike, without a secret, and one log", "secrets would be readable by whoever may see the function; functions with other settings keep other deadlines",
			redeploy, function("function-configuration")+" --query [Environment,LoggingConfig]"),
		expect(FunctionConcurrency, "retention has concurrency of its own, and no function is set to none", "busy functions of the account could keep deletion from starting",
			"aws lambda delete-function-concurrency --function-name FUNCTION; then "+redeploy,
			"deploy with the parameter ReserveConcurrency=true if the account may run enough at once; "+function("function-concurrency")),
		expect(FunctionURL, "api alone has a URL, open because it asks for secrets and tokens itself, and no function is called or heard by others", "others could start functions, or receive what they answer",
			redeploy, function("function-url-config")+"; "+function("policy")+"; "+function("function-event-invoke-config")),
		expect(FunctionEvents, "each queue calls its function alone, messages fail one by one, and are hidden for six time-outs", "documents would be read twice or not at all",
			redeploy, "aws lambda list-event-source-mappings --function-name FUNCTION"),
		expect(FunctionSignIn, signInWhat, signInWhy, "deploy with the parameters OIDCClientID and PageApp: both or neither (lethe app list shows the ids of applications)",
			function("function-configuration")+" --query Environment"),
		expect(LogRetention, fmt.Sprintf("the logs end after at most %d days", MaximumLogDays), "who did what would be kept for ever",
			"deploy with the parameters ProgramLogDays and AccessLogDays; or aws logs put-retention-policy --log-group-name GROUP --retention-in-days 30", "aws logs describe-log-groups --log-group-name-prefix /aws/lambda/STACK"),
		expect(LogForwards, "no subscription forwards the logs", "a copy elsewhere has another end", "aws logs delete-subscription-filter --log-group-name GROUP --filter-name NAME; aws logs delete-account-policy",
			"aws logs describe-subscription-filters --log-group-name GROUP; aws logs describe-account-policies --policy-type SUBSCRIPTION_FILTER_POLICY"),

		expect(RoleRights, "each role has the rights of the table of rights, without wildcards", "whoever takes a function over could read what it needs not, and a function with too little cannot erase",
			"remove what is named: aws iam delete-role-policy or detach-role-policy; then "+redeploy, "aws iam list-role-policies --role-name STACK-api; aws iam list-attached-role-policies --role-name STACK-api"),
		expect(RoleTrust, "each role is for its service alone", "whoever can take a role has all its rights", redeploy, "aws iam get-role --role-name STACK-api --query Role.AssumeRolePolicyDocument"),
		expect(Identity, "the program runs as the role of its function, by credentials that end by themselves", "keys of a user open the stamp until somebody removes them",
			"remove AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY from the settings of the function; outside, sign in with a role (aws sso login, aws sts assume-role)", "aws sts get-caller-identity"),
	}
}
