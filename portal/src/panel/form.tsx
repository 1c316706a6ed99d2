// Loaded only where a view has a form: it brings Ant Design's fields with it.
import { useQueryClient } from "@tanstack/react-query"
import { Button, Form, Input, InputNumber, Modal, Select } from "antd"
import { useId, useState } from "react"
import { useParams } from "react-router"
import { isUnanswered, post } from "../api/request"
import type { Acted, ActRequest, Field, PanelOf } from "../api/schemas"
import { clip } from "../format/clip"
import { formatNumber } from "../format/number"
import { AntDesign } from "../shell/ant-design"
import { useAddress, useOpenMessage } from "../shell/address"
import { Failure } from "../shell/failure"
import { useWords } from "../text/language"

type Values = Record<string, string | number | null | undefined>

type Outcome = { acted: Acted } | { error: unknown } | null

export default function FormPanel({ panel }: { panel: PanelOf<"form"> }) {
  return (
    <AntDesign>
      <Filling panel={panel} />
    </AntDesign>
  )
}

function Filling({ panel }: { panel: PanelOf<"form"> }) {
  const words = useWords()
  const client = useQueryClient()
  const { installation = "", view = "" } = useParams()
  const { region, language } = useAddress()
  const openMessage = useOpenMessage()
  const [form] = Form.useForm<Values>()
  const [asked, setAsked] = useState<Values | null>(null)
  const [sending, setSending] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>(null)
  const name = useId()

  async function send(values: Values): Promise<void> {
    setAsked(null)
    setSending(true)
    setOutcome(null)
    const body: ActRequest = { region, lang: language, form: asStrings(panel.fields, values) }
    const path = [installation, view].map(encodeURIComponent).join("/")
    try {
      const acted = await post<Acted>(`/views/${path}/actions/${encodeURIComponent(panel.action)}`, body)
      setOutcome({ acted })
      form.resetFields()
      void client.invalidateQueries({ queryKey: ["view", installation, view] })
    } catch (error) {
      setOutcome({ error })
    } finally {
      setSending(false)
    }
  }

  return (
    <div className="form-panel">
      <Form
        form={form}
        name={name}
        layout="vertical"
        size="middle"
        requiredMark
        scrollToFirstError
        initialValues={Object.fromEntries(panel.fields.map((field) => [field.name, initial(field)]))}
        disabled={sending}
        onFinish={(values) => (panel.confirm ? setAsked(values) : void send(values))}
      >
        {panel.fields.slice(0, 64).map((field) => (
          <OneField key={field.name} field={field} />
        ))}
        <Button type="primary" htmlType="submit" loading={sending} block>
          {clip(panel.submit, 40)}
        </Button>
      </Form>
      <Modal
        open={asked !== null}
        title={words.form.confirm}
        okText={words.form.confirm}
        cancelText={words.form.cancel}
        onOk={() => asked && void send(asked)}
        onCancel={() => setAsked(null)}
        destroyOnHidden
      >
        <p className="lines">{clip(panel.confirm ?? "", 1000)}</p>
        <dl className="asked">
          {panel.fields.map((field) => (
            <div key={field.name}>
              <dt>{clip(field.label, 60)}</dt>
              <dd className="lines">{shownValue(field, asked?.[field.name])}</dd>
            </div>
          ))}
        </dl>
      </Modal>
      {outcome && "acted" in outcome && (
        <div className="acted" role="status" data-testid={`acted-${panel.id}`}>
          <strong>✓ {words.form.sent}</strong>
          <p className="lines">{clip(outcome.acted.text, 1000)}</p>
          {outcome.acted.messages.length > 0 && (
            <p>
              {words.form.published}:{" "}
              {outcome.acted.messages.slice(0, 20).map((id) => (
                <button key={id} type="button" className="button small" onClick={() => openMessage(id)}>
                  {clip(id, 12)}
                </button>
              ))}
            </p>
          )}
        </div>
      )}
      {outcome && "error" in outcome && (
        <Failure title={isUnanswered(outcome.error) ? words.form.unknown : words.form.notSent} error={outcome.error} />
      )}
    </div>
  )
}

function OneField({ field }: { field: Field }) {
  const words = useWords()
  const input = field.input
  const required = { required: field.required, message: words.form.required, whitespace: input.kind !== "number" }
  const label = clip(field.label, 80)
  switch (input.kind) {
    case "text":
    case "paragraph": {
      const max = Math.max(1, input.max)
      return (
        <Form.Item
          name={field.name}
          label={label}
          rules={[
            required,
            // Characters, as the plugin counts them, not UTF-16 units.
            {
              validator: (_rule, value?: string) =>
                Array.from(value ?? "").length <= max
                  ? Promise.resolve()
                  : Promise.reject(new Error(words.form.tooLong(max))),
            },
          ]}
        >
          {input.kind === "text" ? (
            <Input autoComplete="off" />
          ) : (
            <Input.TextArea
              autoSize={{ minRows: 3, maxRows: 10 }}
              count={{ show: true, max, strategy: (text) => Array.from(text).length }}
            />
          )}
        </Form.Item>
      )
    }
    case "number":
      return (
        <Form.Item
          name={field.name}
          label={label}
          rules={[
            { ...required, type: "number" },
            {
              type: "number",
              min: input.min,
              max: input.max,
              message: words.form.range(
                formatNumber(input.min, decimalsOf(input.min)),
                formatNumber(input.max, decimalsOf(input.max)),
              ),
            },
          ]}
        >
          <InputNumber className="wide" />
        </Form.Item>
      )
    case "choice":
      return (
        <Form.Item name={field.name} label={label} rules={[required]}>
          <Select
            allowClear={!field.required}
            placeholder={words.form.choose}
            options={input.choices.map((choice) => ({ value: choice.value, label: clip(choice.label, 80) }))}
            showSearch={input.choices.length > 10 ? { optionFilterProp: "label" } : false}
          />
        </Form.Item>
      )
    default:
      return null
  }
}

function decimalsOf(value: number): number {
  return String(value).split(".")[1]?.length ?? 0
}

function initial(field: Field): string | number | undefined {
  if (field.value == null) return undefined
  if (field.input.kind !== "number") return field.value
  const value = Number(field.value)
  return Number.isFinite(value) ? value : undefined
}

/** The contract's form is text by name; a field left empty is left out. */
export function asStrings(fields: Field[], values: Values): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = values[field.name]
      return value == null || value === "" ? [] : [[field.name, String(value)]]
    }),
  )
}

function shownValue(field: Field, value: string | number | null | undefined): string {
  if (value == null || value === "") return "—"
  if (field.input.kind === "choice")
    return field.input.choices.find((choice) => choice.value === value)?.label ?? String(value)
  return clip(String(value), 400)
}
